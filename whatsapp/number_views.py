"""The pages of numbers: how they are, connecting one, a new token, and letting one go."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.forms import numbers as forms
from whatsapp.forms.policies import ChoicesForm
from whatsapp.models import Job, Phone
from whatsapp.services import connections, policies, signups, standing
from whatsapp.webhooks import selectors as routes

_CHECKS = (Job.Kind.NUMBER_CHECK, Job.Kind.NUMBER_TOKEN)


@never_cache
@require_safe
@role_required(Permission.READ_NUMBERS)
def numbers(request: OperatorRequest) -> HttpResponse:
    """List the numbers, with their health at a glance."""
    found = selectors.numbers_of(request.actor)
    now = timezone.now()
    standings = standing.standings(found, now=now)
    context = {
        "connected": [(phone, standings[phone.pk]) for phone in found if phone.is_connected],
        "gone": [phone for phone in found if not phone.is_connected],
        "may_manage": _may_manage(request),
        "may_sign_up": _may_manage(request) and signups.app() is not None,
        "now": now,
    }
    return render(request, "whatsapp/numbers/list.html", context)


@never_cache
@require_safe
@role_required(Permission.READ_NUMBERS)
def number(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show one number: what is known of it, what is wrong, and what to do."""
    return _shown(request, selectors.phone_for(request.actor, pk))


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_NUMBERS)
def number_connect(request: OperatorRequest) -> HttpResponse:
    """Take what connects a number, and start."""
    apps = [app for app in routes.own_apps(request.actor) if app.is_active]
    form = forms.ConnectForm(request.POST or None, apps=apps)
    if request.method == "POST" and form.is_valid():
        try:
            job = connections.connect(actor=request.actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("number_connecting", job.pk)
    status = 400 if form.errors else 200
    return render(request, "whatsapp/numbers/connect.html", {"form": form}, status=status)


@never_cache
@require_safe
@role_required(Permission.MANAGE_NUMBERS)
def number_connecting(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show how far connecting a number is."""
    job = selectors.job_for(request.actor, pk, kinds=[Job.Kind.NUMBER_CONNECT])
    return render(request, "whatsapp/numbers/connecting.html", {"job": job})


@never_cache
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def number_check(request: OperatorRequest, pk: int) -> HttpResponse:
    """Start looking at a number; ``repair`` also has WhatsApp tell our app of its account again."""
    phone = selectors.phone_for(request.actor, pk)
    connections.check(actor=request.actor, phone=phone, repair="repair" in request.POST)
    return redirect("number", phone.pk)


@never_cache
@sensitive_post_parameters()
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def number_token(request: OperatorRequest, pk: int) -> HttpResponse:
    """Start giving a number a new token."""
    phone = selectors.phone_for(request.actor, pk)
    form = forms.TokenForm(request.POST)
    if form.is_valid():
        try:
            connections.replace_token(actor=request.actor, phone=phone, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error("access_token", str(refusal))
        else:
            return redirect("number", phone.pk)
    return _shown(request, phone, form)


@never_cache
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def number_choices(request: OperatorRequest, pk: int) -> HttpResponse:
    """Decide how the team calls a number, and when customers see that they were read."""
    form = ChoicesForm(request.POST)
    if not form.is_valid():
        return _shown(request, selectors.phone_for(request.actor, pk), choices=form)
    policies.change(actor=request.actor, phone_id=pk, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect(f"{reverse('number', args=[pk])}#choices")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_NUMBERS)
def number_disconnect(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask, then let go of a number."""
    phone = selectors.phone_for(request.actor, pk)
    if request.method != "POST":
        return render(request, "whatsapp/numbers/disconnect.html", {"phone": phone})
    connections.disconnect(actor=request.actor, phone=phone)
    messages.success(request, _("The number is disconnected. Its conversations are still here."))
    return redirect("numbers")


def _shown(
    request: OperatorRequest,
    phone: Phone,
    form: forms.TokenForm | None = None,
    choices: ChoicesForm | None = None,
) -> HttpResponse:
    subject, known = phone.phone_number_id, phone.facts_in_order
    now = timezone.now()
    context = {
        "phone": phone,
        "standing": standing.standing(phone, now=now),
        "worries": [fact for fact in known if fact.is_worry],
        "facts": [fact for fact in known if not fact.is_worry],
        "job": selectors.newest_job(request.actor, subject=subject, kinds=_CHECKS),
        "form": form or forms.TokenForm(),
        "choices": choices or ChoicesForm({"name": phone.name, "read_policy": phone.read_policy}),
        "may_manage": _may_manage(request),
        "now": now,
    }
    status = 200 if form is choices is None else 400
    return render(request, "whatsapp/numbers/number.html", context, status=status)


def _may_manage(request: OperatorRequest) -> bool:
    return request.tenant.is_active and request.actor.may(Permission.MANAGE_NUMBERS)
