"""Who of us looked into which tenant: to look at, and to end."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants.console import TENANT_FILTER, ConsoleRequest, ReadOnlyAdmin
from tenants.models import SupportAccess
from tenants.services import support


@admin.register(SupportAccess)
class SupportAccessAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "tenant", "user", "role", "state", "over_at", "reason")
    list_filter = (TENANT_FILTER, "role")
    ordering = ("-id",)
    fields = ("created_at", "tenant", "user", "role", "reason", "entered_at", "expires_at")
    fields += ("ended_at",)  # type: ignore[assignment]
    actions = ("end",)
    actions_detail = ("end_one",)

    def get_queryset(self, request: ConsoleRequest) -> QuerySet[SupportAccess]:
        return super().get_queryset(request).select_related("tenant", "user")

    @display(description=_("state"), label={"OPEN": "warning"})
    def state(self, access: SupportAccess) -> tuple[str, object]:
        is_open = access.over_at > timezone.now()
        return ("OPEN", _("Going on")) if is_open else ("OVER", _("Ended"))

    @display(description=_("until"))
    def over_at(self, access: SupportAccess) -> object:
        return access.over_at

    @admin.action(description=_("End it"))
    def end(self, request: ConsoleRequest, chosen: QuerySet[SupportAccess]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="end", **self._ending(request))

    @action(description=_("End it"), icon="logout", url_path="end")
    def end_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, **self._ending(request))

    def _ending(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("End it? Its pages and programs are signed out at once."),
            "act": lambda access, reason: support.end(
                actor=request.user, access=access, now=timezone.now(), reason=reason
            ),
        }
