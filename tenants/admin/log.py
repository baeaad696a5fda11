"""The audit log: to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.console import TENANT_FILTER, ConsoleRequest, ReadOnlyAdmin
from tenants.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "target", "tenant", "actor", "why", "ip_address")
    list_filter = (TENANT_FILTER,)
    search_fields = ("=action", "=target", "=request_id")
    search_help_text = "tenant.suspended, tenants.User:7"
    ordering = ("-id",)
    fields = ("at", "action", "target", "tenant", "actor", "reason", "changes", "request_id")
    fields += ("ip_address", "support")  # type: ignore[assignment]

    def get_queryset(self, request: ConsoleRequest) -> QuerySet[AuditEvent]:
        return super().get_queryset(request).select_related("tenant", "actor", "support")

    @display(description=_("reason"))
    def why(self, event: AuditEvent) -> str:
        return Truncator(event.reason).chars(100)
