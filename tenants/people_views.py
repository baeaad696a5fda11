"""The page of a tenant's people: who works here as what, and who is invited."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenants import selectors
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.forms import InvitationForm, RoleForm, tried
from tenants.models import Membership
from tenants.permissions import Permission
from tenants.services import invitations, team

SHOWN_MAX = 500


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_PEOPLE)
def people(request: OperatorRequest) -> HttpResponse:
    """List everybody, and invite somebody."""
    form = InvitationForm(request.POST or None, initial={"language": translation.get_language()})
    if request.method == "POST" and form.is_valid():

        def invite() -> HttpResponse:
            made = invitations.invite(actor=request.actor, now=timezone.now(), **form.cleaned_data)
            said = _("An invitation is on its way to %(email)s.") % {"email": made.email}
            messages.success(request, said)
            return redirect("people")

        if (done := tried(form, invite)) is not None:
            return done
    now = timezone.now()
    members = selectors.people_of(request.actor)[:SHOWN_MAX]
    waiting = selectors.invitations_of(request.actor)[:SHOWN_MAX]
    context = {
        "people": [(one, _role_form(one)) for one in members],
        "invitations": [(one, one.is_over(now)) for one in waiting],
        "form": form,
    }
    status = 400 if form.errors else 200
    return render(request, "tenants/people.html", context, status=status)


@never_cache
@require_POST
@role_required(Permission.MANAGE_PEOPLE)
def person_role(request: OperatorRequest, pk: int) -> HttpResponse:
    """Change what somebody may do."""
    membership = selectors.person_for(request.actor, pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            team.set_role(actor=request.actor, membership=membership, **form.cleaned_data)
            messages.success(request, _("Saved."))
        except DomainError as refusal:
            messages.error(request, str(refusal))
    else:
        messages.error(request, _("There is no such role."))
    return redirect("people")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_PEOPLE)
def person_remove(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask whether somebody's work here is to end, and end it."""
    membership = selectors.person_for(request.actor, pk)
    if request.method == "POST":
        try:
            team.remove(actor=request.actor, membership=membership)
            said = _("%(name)s does not work here any more.") % {"name": membership.user}
            messages.success(request, said)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("people")
    return render(request, "tenants/person_remove.html", {"person": membership.user})


@never_cache
@require_POST
@role_required(Permission.MANAGE_PEOPLE)
def invitation_resend(request: OperatorRequest, pk: int) -> HttpResponse:
    """Send the letter again."""
    invitation = selectors.invitation_for(request.actor, pk)
    try:
        invitations.send_again(actor=request.actor, invitation=invitation, now=timezone.now())
        said = _("An invitation is on its way to %(email)s.") % {"email": invitation.email}
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("people")


@never_cache
@require_POST
@role_required(Permission.MANAGE_PEOPLE)
def invitation_withdraw(request: OperatorRequest, pk: int) -> HttpResponse:
    """End an invitation."""
    invitation = selectors.invitation_for(request.actor, pk)
    invitations.withdraw(actor=request.actor, invitation=invitation, now=timezone.now())
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("people")


def _role_form(membership: Membership) -> RoleForm:
    return RoleForm(initial={"role": membership.role}, auto_id=f"{membership.user_id}-%s")
