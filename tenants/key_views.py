"""The page of API keys."""

from datetime import datetime
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenants import selectors
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.forms import KeyForm
from tenants.models import ApiKey
from tenants.permissions import SCOPES, Permission, Scope
from tenants.services import keys
from tenants.services.keys import Made

SHOWN_MAX = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_KEYS)
def api_keys(request: OperatorRequest) -> HttpResponse:
    """List the keys, and make one: what its program brings is in this one answer only."""
    now = timezone.now()
    form = KeyForm(request.POST or None, initial={"made_as": uuid4()})
    made: Made | None = None
    if request.method == "POST" and form.is_valid():
        try:
            made = keys.make(actor=request.actor, now=now, **form.wanted(now))
        except keys.NetworkInvalidError as refusal:
            form.add_error("networks", str(refusal))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    if made is not None and made.secret is None:
        messages.info(request, _("This key was made already; it is shown once only."))
        return redirect("api_keys")
    status = 400 if form.errors else 200
    context = {
        "keys": [_shown(key, now) for key in selectors.keys_of(request.actor)[:SHOWN_MAX]],
        "made": made,
        "form": KeyForm(initial={"made_as": uuid4()}) if made is not None else form,
    }
    return render(request, "tenants/api_keys.html", context, status=status)


@never_cache
@require_POST
@role_required(Permission.MANAGE_KEYS)
def api_key_revoke(request: OperatorRequest, pk: int) -> HttpResponse:
    """End a key at once."""
    key = selectors.key_for(request.actor, pk)
    keys.revoke(actor=request.actor, key=key, now=timezone.now())
    messages.success(request, _("The key is revoked."))
    return redirect("api_keys")


def _shown(key: ApiKey, now: datetime) -> dict[str, object]:
    return {
        "row": key,
        "scopes": [Scope(scope).label for scope in key.scopes if scope in SCOPES],
        "is_over": key.is_over(now),
    }
