"""Letters to people: to look at, without their texts, in which links let somebody in."""

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.console import TENANT_FILTER, ConsoleRequest, ReadOnlyAdmin
from tenants.models import Mail


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "to", "subject", "tenant", "state", "attempts", "error")
    list_filter = (TENANT_FILTER, "error")
    search_fields = ("to__iexact",)
    search_help_text = _("A whole address")
    ordering = ("-id",)
    fields = ("created_at", "to", "subject", "tenant", "attempts", "due_at", "until", "sent_at")
    fields += ("failed_at", "error")  # type: ignore[assignment]

    def get_queryset(self, request: ConsoleRequest) -> QuerySet[Mail]:
        return super().get_queryset(request).select_related("tenant")

    @display(description=_("state"), label={"SENT": "success", "FAILED": "danger"})
    def state(self, mail: Mail) -> tuple[str, object]:
        if mail.sent_at is not None:
            return "SENT", _("Sent")
        return ("WAITING", _("Waiting")) if mail.failed_at is None else ("FAILED", _("Given up"))
