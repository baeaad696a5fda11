"""The page of templates, and what every page shows of a job."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.services import templates as templating

SHOWN_MAX = 500


@never_cache
@require_safe
@role_required(Permission.READ_TEMPLATES)
def templates(request: OperatorRequest) -> HttpResponse:
    """List the templates, and say how fresh the list is."""
    search = request.GET.get("q", "")[:200].replace("\x00", "")
    rows = list(selectors.templates_of(request.actor, search=search)[: SHOWN_MAX + 1])
    synced_at, job = selectors.syncs_of(request.actor)
    context = {
        "templates": rows[:SHOWN_MAX],
        "is_cut": len(rows) > SHOWN_MAX,
        "search": search,
        "synced_at": synced_at,
        "job": job,
        "now": timezone.now(),
        "acts": selectors.template_acts_of(request.actor),
        "may_manage": request.tenant.is_active and request.actor.may(Permission.MANAGE_TEMPLATES),
        "may_sync": request.tenant.is_active and request.actor.may(Permission.SYNC_TEMPLATES),
    }
    return render(request, "whatsapp/templates.html", context)


@never_cache
@require_POST
@role_required(Permission.SYNC_TEMPLATES)
def sync(request: OperatorRequest) -> HttpResponse:
    """Start fetching the templates; the page then shows how far that is."""
    templating.sync(actor=request.actor)
    return redirect("templates")


@never_cache
@require_safe
@role_required(Permission.FOLLOW_JOBS)
def job(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show how far a job is; once it ended, the page around it is drawn anew."""
    found = selectors.job_for(request.actor, pk)
    response = render(request, "whatsapp/_job.html", {"job": found})
    if found.is_finished:
        response["HX-Refresh"] = "true"
    return response
