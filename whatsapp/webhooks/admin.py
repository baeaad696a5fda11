"""Meta apps, what they delivered, and what could not be applied."""

from datetime import UTC, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, Func, IntegerField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants import sealing
from tenants.console import (
    TENANT_FILTER,
    ConsoleAdmin,
    ConsoleRequest,
    ReadOnlyAdmin,
    adopt,
    day,
    require,
)
from whatsapp.webhooks import ledger
from whatsapp.webhooks.forms import LedgerForm, MetaAppForm, RouteForm
from whatsapp.webhooks.models import MetaApp, ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import apps, parking


@admin.register(MetaApp)
class MetaAppAdmin(ConsoleAdmin):
    form = MetaAppForm
    list_display = ("name", "app_id", "tenant", "is_active", "webhook_path")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("name", "=app_id")
    ordering = ("name",)
    autocomplete_fields = ("tenant",)
    actions_detail = ("forget_previous",)
    fields = (
        "name",
        "app_id",
        "tenant",
        "is_active",
        "webhook_path",
        "secret_state",
        "app_secret",
        "token_state",
        "verify_token",
    )

    def get_fields(self, request: ConsoleRequest, obj: MetaApp | None = None) -> Any:
        new = ("name", "app_id", "tenant", "app_secret", "verify_token")
        return new if obj is None else self.fields

    def get_readonly_fields(self, request: ConsoleRequest, obj: MetaApp | None = None) -> Any:
        states = ("webhook_path", "secret_state", "token_state")
        return () if obj is None else ("app_id", "tenant", *states)

    def get_form(self, request: ConsoleRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj is None:
            require(form, "app_secret", _("App secret"))
            require(form, "verify_token", _("Verify token"))
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[MetaApp]:
        return super().get_queryset(request).filter(removed_at=None)

    @display(description=_("webhook path"))
    def webhook_path(self, app: MetaApp) -> str:
        own = "" if app.tenant_id is None else f"apps/{app.app_key}"
        return f"/webhook/whatsapp/{own}"

    @display(description=_("app secret"))
    def secret_state(self, app: MetaApp) -> str:
        state = _state(app, "app_secret")
        if app.previous_secret_sealed:
            state += " · " + gettext("the one before is still taken")
        return state

    @display(description=_("verify token"))
    def token_state(self, app: MetaApp) -> str:
        return _state(app, "verify_token")

    def save_model(self, request: ConsoleRequest, obj: MetaApp, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        actor, data = request.user, form.cleaned_data
        if not change:
            adopt(obj, apps.register_app(actor=actor, **data))
            return
        apps.change_app(actor=actor, app=obj, name=data["name"], is_active=data["is_active"])
        if data["app_secret"]:
            apps.rotate_secret(actor=actor, app=obj, app_secret=data["app_secret"])
        if data["verify_token"]:
            apps.set_verify_token(actor=actor, app=obj, verify_token=data["verify_token"])

    @action(description=_("Forget the secret before"), icon="key_off", url_path="forget-previous")
    def forget_previous(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(
            request,
            object_id,
            question=gettext("Refuse what the secret before the rotation signed, from now on?"),
            act=lambda app: apps.forget_previous_secret(actor=request.user, app=app),
            danger=True,
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Sizes and fates; the body is what customers wrote, and stays where it is."""

    counts = ("units_total", "units_stored", "units_duplicate", "units_placeholder", "units_parked")
    list_display = ("id", "received_at", "app", "state", "size", *counts, "unaccounted")
    list_filter = ("state",)
    ordering = ("-id",)
    search_fields = ("=id",)
    search_help_text = _("The number of a delivery")
    fields = (
        "id",
        "app",
        "received_at",
        "phone_number_id_hint",
        "size",
        "digest",
        "state",
        "attempts",
        "processed_at",
        *counts,
        "unaccounted",
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.ledger)
        return [path("ledger/", view, name="webhooks_ledger"), *super().get_urls()]

    def ledger(self, request: ConsoleRequest) -> HttpResponse:
        """Show what became of everything that came in, for some days."""
        today = timezone.now().astimezone(UTC).date()
        start = {"first": today - timedelta(days=6), "last": today, "app": ""}
        form = LedgerForm({**start, **request.GET.dict()})
        found = ledger.of(**form.wanted()) if form.is_valid() else None
        shown = {
            **self.admin_site.each_context(request),
            "title": gettext("Ledger of deliveries"),
            "form": form,
            "ledger": found,
            "rows": _ledger_rows(found) if found else [],
        }
        status = 200 if found else 400
        return TemplateResponse(request, "console/ledger.html", shown, status=status)

    def get_queryset(self, request: ConsoleRequest) -> QuerySet[WebhookDelivery]:
        size = Func(F("body"), function="octet_length", output_field=IntegerField())
        deliveries = super().get_queryset(request).select_related("app")
        return deliveries.defer("body").annotate(body_bytes=size)

    @display(description=_("size"))
    def size(self, delivery: Any) -> str:
        return filesizeformat(delivery.body_bytes)

    @display(description="SHA-256")
    def digest(self, delivery: WebhookDelivery) -> str:
        return bytes(delivery.sha256).hex()

    @display(description=_("unaccounted"))
    def unaccounted(self, delivery: WebhookDelivery) -> int:
        return delivery.units_total - sum(getattr(delivery, name) for name in self.counts[1:])


@admin.register(ParkedUnit)
class ParkedUnitAdmin(ReadOnlyAdmin):
    """What waits for a decision: replay is safe, discarding is for good."""

    list_display = (
        "id",
        "created_at",
        "reason_label",
        "state",
        "tenant",
        "phone_number_id",
        "error",
    )
    list_filter = ("reason", "state", TENANT_FILTER, "created_at")
    list_select_related = ("tenant",)
    search_fields = ("=phone_number_id", "=error")
    search_help_text = _("A phone number id, or an error as it is shown")
    ordering = ("-id",)
    actions = ("replay", "discard")
    actions_detail = ("send_on",)
    fields = ("id", "reason", "state", "tenant", "field", "phone_number_id", "routed_to", "error")
    fields += ("delivery_number", "unit_index", "created_at", "resolved_at")  # type: ignore[assignment]

    @display(
        description=_("reason"),
        ordering="reason",
        label={
            ParkedUnit.Reason.UNROUTED: "warning",
            ParkedUnit.Reason.HELD: "info",
            ParkedUnit.Reason.QUARANTINED: "danger",
        },
    )
    def reason_label(self, unit: ParkedUnit) -> tuple[str, str]:
        return unit.reason, unit.get_reason_display()

    @display(description=_("delivery"))
    def delivery_number(self, unit: ParkedUnit) -> str:
        return f"#{unit.delivery_id}"

    @admin.action(description=_("Replay"))
    def replay(self, request: ConsoleRequest, chosen: QuerySet[ParkedUnit]) -> HttpResponse | None:
        return self.for_all(
            request,
            chosen,
            action="replay",
            question=gettext("Replay these units? What was applied before is not applied twice."),
            act=lambda units: parking.replay(actor=request.user, units=units),
        )

    @action(description=_("Send on to a number"), icon="alt_route", url_path="send-on")
    def send_on(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        """Ask for which number a unit of an unknown one is, and have it tried again."""
        unit = self.get_object(request, object_id)
        if unit is None:
            raise Http404
        form = RouteForm(request.POST or None)
        if form.is_valid() and self._one(
            request,
            unit,
            lambda one: parking.route(
                actor=request.user, unit=one, route=form.cleaned_data["route"]
            ),
        ):
            self.message_user(request, gettext("It is tried again as that number's."))
            return HttpResponseRedirect(self.address("change", object_id))
        shown = {
            **self.admin_site.each_context(request),
            "title": gettext("Send on to a number"),
            "form": form,
            "unit": unit,
            "back": self.address("change", object_id),
        }
        status = 409 if form.is_bound and form.is_valid() else 400 if form.is_bound else 200
        return TemplateResponse(request, "console/route.html", shown, status=status)

    @admin.action(description=_("Discard"))
    def discard(self, request: ConsoleRequest, chosen: QuerySet[ParkedUnit]) -> HttpResponse | None:
        return self.for_all(
            request,
            chosen,
            action="discard",
            question=gettext("Discard these units? They are never applied."),
            act=lambda units: parking.discard(actor=request.user, units=units),
            danger=True,
        )


def _ledger_rows(found: ledger.Ledger) -> list[tuple[Any, int, str]]:
    """Return what the ledger's cards say: name, count, and where to look closer."""
    deliveries = reverse("admin:webhooks_webhookdelivery_changelist")
    units = reverse("admin:webhooks_parkedunit_changelist")
    parked = [
        (label, found.parked.get(reason, 0), f"{units}?state__exact=PARKED&reason__exact={reason}")
        for reason, label in ParkedUnit.Reason.choices
    ]
    return [
        (gettext("Received"), found.received, deliveries),
        (gettext("Not looked into yet"), found.unprocessed, f"{deliveries}?state__exact=NEW"),
        (gettext("Units in them"), found.units, ""),
        (gettext("Stored"), found.stored, ""),
        (gettext("Duplicates"), found.duplicate, ""),
        (gettext("Placeholders"), found.placeholder, ""),
        *parked,
        (gettext("Discarded"), found.discarded, f"{units}?state__exact=DISCARDED"),
    ]


def _state(app: MetaApp, column: str) -> str:
    """Say of a secret what may be said."""
    value = apps.opened(app=app, column=column)
    if value is None:
        return gettext("Sealed with a key that is not in FIELD_KEYS: give a new one")
    when = day(sealing.sealed_at(getattr(app, f"{column}_sealed")))
    if column == "verify_token":  # may be too short to show any of it
        return gettext("set on %(date)s") % {"date": when}
    return gettext("set on %(date)s, ends with …%(end)s") % {"date": when, "end": value[-4:]}
