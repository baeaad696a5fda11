"""How super-admins come into a tenant, and where its admins see that they did."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from tenants import access, support
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission
from tenants.services import support as opening

SHOWN_MAX = 200


@never_cache
@require_GET
def support_enter(request: HttpRequest) -> HttpResponse:
    """Let the super-admin in who brings the console's link; a link works once."""
    entered = opening.enter(
        tenant=request.tenant,  # type: ignore[attr-defined]
        token=request.GET.get("token", ""),
        now=timezone.now(),
    )
    access.begin_support_session(request, entered)
    return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)


@never_cache
@require_safe
def support_over(request: HttpRequest) -> HttpResponse:
    """Say that it is over, to whoever was in."""
    return render(request, "tenants/support_over.html")


@never_cache
@require_safe
@role_required(Permission.SEE_SUPPORT)
def support_accesses(request: OperatorRequest) -> HttpResponse:
    """List which super-admins looked in, from when to when, and why."""
    rows = support.accesses_of(request.actor)[:SHOWN_MAX]
    shown = {"accesses": rows, "now": timezone.now()}
    return render(request, "tenants/support_accesses.html", shown)
