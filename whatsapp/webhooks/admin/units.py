"""What could not be applied, and what is to become of it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants.console import TENANT_FILTER, ConsoleRequest, ReadOnlyAdmin
from whatsapp.webhooks.admin import history
from whatsapp.webhooks.forms import RouteForm
from whatsapp.webhooks.models import ParkedUnit
from whatsapp.webhooks.services import parking

# What the audit log calls them, and what they are called to people.
ACTS = {
    "parked_unit.replayed": _("Replayed"),
    "parked_unit.routed": _("Sent on"),
    "parked_unit.discarded": _("Discarded"),
}


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
    actions_detail = ("replay_one", "send_on", "discard_one")
    fields = (
        *("id", "reason", "state", "why", "tenant", "field", "phone_number_id", "routed_to"),
        *("error", "delivery_number", "unit_index", "created_at", "resolved_at"),
    )

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
        address = reverse("admin:webhooks_webhookdelivery_change", args=[unit.delivery_id])
        return format_html('<a class="underline" href="{}">#{}</a>', address, unit.delivery_id)

    @display(description=_("why"))
    def why(self, unit: ParkedUnit) -> str:
        return history.of(unit, ACTS)

    @admin.action(description=_("Replay"))
    def replay(self, request: ConsoleRequest, chosen: QuerySet[ParkedUnit]) -> HttpResponse | None:
        return self.for_all(
            request,
            chosen,
            action="replay",
            question=gettext("Replay these units? What was applied before is not applied twice."),
            act=lambda units, reason: parking.replay(
                actor=request.user, units=units, reason=reason
            ),
        )

    @action(description=_("Replay"), icon="replay", url_path="replay")
    def replay_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(
            request,
            object_id,
            question=gettext("Replay this unit? What was applied before is not applied twice."),
            act=lambda unit, reason: bool(
                parking.replay(actor=request.user, units=[unit], reason=reason)
            ),
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
            lambda one: parking.route(actor=request.user, unit=one, **form.cleaned_data),
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
            act=lambda units, reason: parking.discard(
                actor=request.user, units=units, reason=reason
            ),
            danger=True,
        )

    @action(description=_("Discard"), icon="delete", url_path="discard")
    def discard_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(
            request,
            object_id,
            question=gettext("Discard this unit? It is never applied."),
            act=lambda unit, reason: bool(
                parking.discard(actor=request.user, units=[unit], reason=reason)
            ),
            danger=True,
        )
