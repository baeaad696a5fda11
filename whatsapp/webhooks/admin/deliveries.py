"""What was delivered, and the ledger of it."""

from datetime import UTC, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, Func, IntegerField, QuerySet
from django.http import Http404, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants.console import ConsoleRequest, ReadOnlyAdmin, ReasonForm
from whatsapp.webhooks import ledger
from whatsapp.webhooks.admin import history
from whatsapp.webhooks.forms import LedgerForm
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import bodies

# What the audit log calls them, and what they are called to people.
ACTS = {"delivery.body_taken_out": _("Downloaded")}


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Sizes and fates. The body is what customers wrote: whoever takes it out says why."""

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
        "taken_out",
    )
    actions_detail = ("take_out",)

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

    @action(description=_("Take out the body"), icon="download", url_path="body")
    def take_out(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        """Ask why, then hand the raw body out."""
        if not object_id.isdecimal():
            raise Http404
        delivery: Any = self.get_object(request, object_id)
        gone = bodies.BodyForgottenError() if delivery is None else None
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if delivery is not None and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                body = bodies.take_out(actor=request.user, delivery_id=delivery.pk, reason=reason)
            except bodies.BodyForgottenError as refusal:  # since this request began
                gone = refusal
            else:
                return _attachment(delivery, body)
        shown = {
            **self.admin_site.each_context(request),
            "title": gettext("Take out the body"),
            "form": form,
            "delivery": delivery,
            "gone": gone,
            "back": self.address("changelist") if gone else self.address("change", object_id),
        }
        status = gone.http_status if gone else 400 if form.is_bound else 200
        return TemplateResponse(request, "console/body.html", shown, status=status)

    @display(description=_("body taken out"))
    def taken_out(self, delivery: WebhookDelivery) -> str:
        return history.of(delivery, ACTS)

    @display(description=_("size"))
    def size(self, delivery: Any) -> str:
        return filesizeformat(delivery.body_bytes)

    @display(description="SHA-256")
    def digest(self, delivery: WebhookDelivery) -> str:
        return bytes(delivery.sha256).hex()

    @display(description=_("unaccounted"))
    def unaccounted(self, delivery: WebhookDelivery) -> int:
        return delivery.units_total - sum(getattr(delivery, name) for name in self.counts[1:])


def _attachment(delivery: WebhookDelivery, body: bytes) -> HttpResponse:
    """Hand bytes out as what no browser looks into."""
    headers = {
        "Content-Disposition": f'attachment; filename="delivery-{delivery.pk}.bin"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(body, content_type="application/octet-stream", headers=headers)


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
