"""The page of one's own sessions at the API."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tenants import selectors
from tenants.access import OperatorRequest, role_required
from tenants.errors import NotFoundError
from tenants.permissions import Permission
from tenants.services import sessions as signing


@never_cache
@require_safe
@role_required(Permission.OWN_SESSIONS)
def sessions(request: OperatorRequest) -> HttpResponse:
    """List where one's name is signed in at the API."""
    rows = selectors.sessions_of(request.actor, now=timezone.now())
    return render(request, "tenants/sessions.html", {"sessions": rows})


@never_cache
@require_POST
@role_required(Permission.OWN_SESSIONS)
def sessions_end(request: OperatorRequest) -> HttpResponse:
    """End one of them, or all where none is named."""
    now = timezone.now()
    if "session" in request.POST:
        session = selectors.session_for(request.actor, _id(request.POST["session"]), now=now)
        signing.end(session_id=session.pk, now=now)
        messages.success(request, _("The session has ended."))
    else:
        signing.end_own(actor=request.actor, now=now)
        messages.success(request, _("All of them have ended."))
    return redirect("sessions")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError from None
