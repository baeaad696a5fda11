"""The page of a number's business profile."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.forms import profile as forms
from whatsapp.models import BusinessProfile, Job, Phone
from whatsapp.services import profiles

_KINDS = (Job.Kind.PROFILE_READ, Job.Kind.PROFILE_EDIT)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_NUMBERS)
def profile(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show the profile as WhatsApp last told of it, and take changes."""
    phone = selectors.phone_for(request.actor, pk)
    known = selectors.profile_of(request.actor, phone)
    job = selectors.newest_job(request.actor, subject=phone.phone_number_id, kinds=_KINDS)
    if request.method != "POST":
        form = forms.ProfileForm(initial=forms.filled(known, _under_way(job)))
        return _shown(request, phone, known, job, form)
    form = forms.ProfileForm(request.POST)
    if not form.is_valid():
        return _shown(request, phone, known, job, form)
    changes = form.changes(known)
    if not changes:
        messages.success(request, _("Nothing was changed."))
        return redirect("number_profile", phone.pk)
    try:
        profiles.edit(actor=request.actor, phone=phone, changes=changes)
    except profiles.ProfileInvalidError as refusal:
        form.refuse(refusal)
        return _shown(request, phone, known, job, form)
    messages.success(request, _("The change is on its way to WhatsApp."))
    return redirect("number_profile", phone.pk)


@never_cache
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def profile_refresh(request: OperatorRequest, pk: int) -> HttpResponse:
    """Start reading the profile anew."""
    phone = selectors.phone_for(request.actor, pk)
    profiles.refresh(actor=request.actor, phone=phone)
    return redirect("number_profile", phone.pk)


def _under_way(job: Job | None) -> dict[str, Any]:
    """Return the changes of the newest job, unless WhatsApp has them by now."""
    changes: dict[str, Any] = {}
    if job is not None and job.state != Job.State.DONE:
        changes = job.arguments.get("changes", {})
    return changes


def _shown(
    request: OperatorRequest,
    phone: Phone,
    known: BusinessProfile | None,
    job: Job | None,
    form: forms.ProfileForm,
) -> HttpResponse:
    context = {"phone": phone, "profile": known, "job": job, "form": form}
    status = 400 if form.errors else 200
    return render(request, "whatsapp/profile.html", context, status=status)
