"""Where the link of an invitation leads: come in with the account that is there, or a new one."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants import access
from tenants.errors import DomainError
from tenants.forms import NewPersonForm, OwnPasswordForm
from tenants.services import invitations, links, people


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites as what, and let the person of the address in."""
    tenant = request.tenant  # type: ignore[attr-defined]
    now = timezone.now()
    found = invitations.opened(tenant=tenant, token=token, now=now)
    is_known = people.find(email=found.email) is not None
    form: Any = (OwnPasswordForm if is_known else NewPersonForm)(request.POST or None)
    status = 400 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        if not tenant.is_active:
            raise access.TenantSuspendedError
        accept = invitations.accept if is_known else invitations.accept_as_new
        try:
            user = accept(invitation=found, now=now, **form.cleaned_data)
        except links.LinkOverError:
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            status = refusal.http_status
        else:
            access.begin_session(request, user)
            return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)
    shown = {"invitation": found, "form": form, "is_known": is_known}
    return access.unreferred(render(request, "tenants/invitation.html", shown, status=status))
