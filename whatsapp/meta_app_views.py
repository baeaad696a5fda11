"""The pages of a tenant's own Meta apps."""

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tenants import sealing
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.forms import tried
from tenants.permissions import Permission
from whatsapp import selectors as numbers
from whatsapp.forms import meta_apps as forms
from whatsapp.services import own_apps
from whatsapp.webhooks import selectors
from whatsapp.webhooks.models import MetaApp


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_NUMBERS)
def meta_apps(request: OperatorRequest) -> HttpResponse:
    """List the apps, and take a new one."""
    form = forms.NewAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def register() -> HttpResponse:
            app = own_apps.register(actor=request.actor, **form.cleaned_data)
            messages.success(request, _("The app is known now. Give Meta its address."))
            return redirect("meta_app", app.pk)

        if (made := tried(form, register)) is not None:
            return made
    apps = list(selectors.own_apps(request.actor))
    context = {"apps": apps, "form": form, "numbers": _numbers(request, apps)}
    status = 400 if form.errors else 200
    return render(request, "whatsapp/meta_apps.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_NUMBERS)
def meta_app(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show one app; change its name, or whether it counts."""
    app = selectors.own_app_for(request.actor, pk)
    form = forms.AppForm(
        request.POST or None, initial={"name": app.name, "is_active": app.is_active}
    )
    if request.method == "POST" and form.is_valid():
        own_apps.change(actor=request.actor, app=app, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("meta_app", app.pk)
    return _shown(request, app, form=form)


@never_cache
@sensitive_post_parameters()
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def meta_app_secret(request: OperatorRequest, pk: int) -> HttpResponse:
    """Take a new app secret."""
    app = selectors.own_app_for(request.actor, pk)
    form = forms.SecretForm(request.POST)
    if form.is_valid():

        def change() -> HttpResponse:
            own_apps.change(actor=request.actor, app=app, **form.cleaned_data)
            messages.success(request, _("The new secret counts from now on."))
            return redirect("meta_app", app.pk)

        if (changed := tried(form, change)) is not None:
            return changed
    return _shown(request, app, secret_form=form)


@never_cache
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def meta_app_forget(request: OperatorRequest, pk: int) -> HttpResponse:
    """Refuse what earlier secrets signed."""
    app = selectors.own_app_for(request.actor, pk)
    own_apps.forget_previous_secret(actor=request.actor, app=app)
    messages.success(request, _("Only the current secret counts now."))
    return redirect("meta_app", app.pk)


@never_cache
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def meta_app_remove(request: OperatorRequest, pk: int) -> HttpResponse:
    """Remove an app that no number is on."""
    app = selectors.own_app_for(request.actor, pk)
    try:
        own_apps.remove(actor=request.actor, app=app)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("meta_app", app.pk)
    messages.success(request, _("The app is removed."))
    return redirect("meta_apps")


@never_cache
@require_POST
@role_required(Permission.MANAGE_NUMBERS)
def number_app(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let another app bring a number's events."""
    phone = numbers.phone_for(request.actor, pk)
    form = forms.NumberAppForm(request.POST)
    if not form.is_valid():
        return redirect("meta_apps")
    wanted = form.cleaned_data["app"]
    app = None if wanted is None else selectors.own_app_for(request.actor, wanted)
    try:
        own_apps.move_number(actor=request.actor, phone_id=phone.pk, app=app)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect("meta_apps")


def _numbers(request: OperatorRequest, apps: list[MetaApp]) -> list[dict[str, Any]]:
    """Return the tenant's numbers, each with the apps that may bring its events."""
    routes = {route.phone_number_id: route for route in selectors.routes_of(request.actor)}
    return [
        {"phone": phone, "choices": forms.number_choices(routes[phone.phone_number_id], apps)}
        for phone in numbers.phones_of(request.actor)
        if phone.phone_number_id in routes
    ]


def _shown(
    request: OperatorRequest,
    app: MetaApp,
    *,
    form: django_forms.Form | None = None,
    secret_form: django_forms.Form | None = None,
) -> HttpResponse:
    known = {"name": app.name, "is_active": app.is_active}
    context = {
        "app": app,
        "form": form or forms.AppForm(initial=known),
        "secret_form": secret_form or forms.SecretForm(),
        "callback_url": own_apps.callback_url(app),
        "verify_token": own_apps.verify_token(actor=request.actor, app=app),
        "secret_set_at": sealing.sealed_at(app.app_secret_sealed),
    }
    wrong = any(one is not None and one.errors for one in (form, secret_form))
    return render(request, "whatsapp/meta_app.html", context, status=400 if wrong else 200)
