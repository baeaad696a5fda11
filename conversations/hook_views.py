"""The pages of webhooks: the addresses that are told what happens, and the log of each."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from conversations import told
from conversations.forms import hooks as forms
from conversations.models import HookDelivery, HookEndpoint
from conversations.services.hooks import endpoints
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.forms import tried
from tenants.permissions import Permission

SHOWN_MAX = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_WEBHOOKS)
def webhooks(request: OperatorRequest) -> HttpResponse:
    """List the addresses, and take a new one."""
    form = forms.EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def create() -> HttpResponse:
            endpoint, secret = endpoints.create(actor=request.actor, **form.cleaned_data)
            return _with_secret(request, endpoint, secret)

        if (made := tried(form, create)) is not None:
            return made
    context = {"endpoints": told.endpoints_of(request.actor), "form": form}
    status = 400 if form.errors else 200
    return render(request, "conversations/webhooks/list.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_WEBHOOKS)
def webhook(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show one address with its log; change it, switch it off or on."""
    endpoint = told.endpoint_for(request.actor, pk)
    form = forms.ChangesForm(request.POST or None, initial=_known(endpoint))
    if request.method == "POST" and form.is_valid():

        def change() -> HttpResponse:
            given = {**form.cleaned_data, "url": form.cleaned_data["url"] or None}
            endpoints.change(actor=request.actor, endpoint=endpoint, **given)
            messages.success(request, _("Saved."))
            return redirect("webhook", endpoint.pk)

        if (changed := tried(form, change)) is not None:
            return changed
    return _shown(request, endpoint, form=form)


@never_cache
@require_POST
@role_required(Permission.MANAGE_WEBHOOKS)
def webhook_secret(request: OperatorRequest, pk: int) -> HttpResponse:
    """Make a new secret, and show it this once."""
    endpoint = told.endpoint_for(request.actor, pk)
    secret = endpoints.rotate(actor=request.actor, endpoint=endpoint, now=timezone.now())
    return _with_secret(request, endpoint, secret)


@never_cache
@require_POST
@role_required(Permission.MANAGE_WEBHOOKS)
def webhook_test(request: OperatorRequest, pk: int) -> HttpResponse:
    """Send an event that says nothing."""
    endpoint = told.endpoint_for(request.actor, pk)

    def test() -> str:
        endpoints.test(actor=request.actor, endpoint=endpoint, now=timezone.now())
        return _("A test is on its way: see what became of it below.")

    return _acted(request, endpoint, test)


@never_cache
@require_POST
@role_required(Permission.MANAGE_WEBHOOKS)
def webhook_replay(request: OperatorRequest, pk: int, delivery_id: int) -> HttpResponse:
    """Send one event once more."""
    endpoint = told.endpoint_for(request.actor, pk)
    delivery = told.delivery_for(endpoint, delivery_id)

    def replay() -> str:
        endpoints.replay(actor=request.actor, delivery=delivery, now=timezone.now())
        return _("It is sent once more.")

    return _acted(request, endpoint, replay)


@never_cache
@require_POST
@role_required(Permission.MANAGE_WEBHOOKS)
def webhook_replay_failed(request: OperatorRequest, pk: int) -> HttpResponse:
    """Send everything once more that was given up since a day."""
    endpoint = told.endpoint_for(request.actor, pk)
    form = forms.ReplayForm(request.POST)
    if not form.is_valid():
        return _shown(request, endpoint, replay_form=form)

    def replay() -> str:
        since = timezone.make_aware(datetime.combine(form.cleaned_data["since"], time.min))
        count = endpoints.replay_failed(
            actor=request.actor, endpoint=endpoint, since=since, now=timezone.now()
        )
        words = ngettext(
            "%(count)s event is sent once more.", "%(count)s events are sent once more.", count
        )
        return words % {"count": count}

    return _acted(request, endpoint, replay)


@never_cache
@require_POST
@role_required(Permission.MANAGE_WEBHOOKS)
def webhook_remove(request: OperatorRequest, pk: int) -> HttpResponse:
    """Tell an address no more."""
    endpoints.remove(actor=request.actor, endpoint=told.endpoint_for(request.actor, pk))
    messages.success(request, _("The address is removed."))
    return redirect("webhooks")


def _known(endpoint: HookEndpoint) -> dict[str, Any]:
    return {
        "description": endpoint.description,
        "events": endpoint.events,
        "is_enabled": endpoint.is_enabled,
    }


def _shown(
    request: OperatorRequest,
    endpoint: HookEndpoint,
    *,
    form: django_forms.Form | None = None,
    replay_form: django_forms.Form | None = None,
) -> HttpResponse:
    state = HookDelivery.State.DEAD if "failed" in request.GET else ""
    context = {
        "endpoint": endpoint,
        "form": form or forms.ChangesForm(initial=_known(endpoint)),
        "replay_form": replay_form or forms.ReplayForm(),
        "deliveries": told.deliveries_of(endpoint, state=state)[:SHOWN_MAX],
        "failed_only": bool(state),
    }
    wrong = any(one is not None and one.errors for one in (form, replay_form))
    status = 400 if wrong else 200
    return render(request, "conversations/webhooks/one.html", context, status=status)


def _with_secret(request: OperatorRequest, endpoint: HookEndpoint, secret: str) -> HttpResponse:
    context = {"endpoint": endpoint, "secret": secret}
    return render(request, "conversations/webhooks/secret.html", context)


def _acted(
    request: OperatorRequest, endpoint: HookEndpoint, act: Callable[[], str]
) -> HttpResponse:
    try:
        messages.success(request, act())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("webhook", endpoint.pk)
