"""Counts and times of a tenant's work, for programs that draw them."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import rules, selectors
from analytics.serializers import (
    ConversationsStatsSerializer,
    DashboardSerializer,
    MessagesCountSerializer,
    PerformanceSerializer,
    PeriodParameters,
)
from tenants.api.base import TenantAPIView
from tenants.permissions import Permission
from tenants.services import usage
from whatsapp.selectors import chosen_phones

_COUNTS = {
    "received": 412,
    "sent": 388,
    "delivered": 380,
    "read": 301,
    "failed": 3,
    "waiting": 1,
}
_NOW = {"open": 31, "unassigned": 6, "unread": 9, "waiting_on_us": 12, "closing_soon": 2}
_DAY = {"from": "2026-11-10", "to": "2026-11-10", "time_zone": "America/Sao_Paulo"}
_TIMES = {"count": 44, "median_seconds": 95.0, "p90_seconds": 610.5, "average_seconds": 214.25}
_ANA = {
    "user": {"id": 2, "name": "Ana"},
    "messages": 120,
    "first_replies": 18,
    "median_first_reply_seconds": 71.0,
    "closed": 15,
}
_STATS = {
    "at": "2026-11-10T12:00:00Z",
    "today": _COUNTS,
    "conversations": _NOW,
    "numbers": {"connected": 2, "ok": 1, "degraded": 1, "auth_error": 0},
    "broadcasts_running": 1,
    "plan": {"code": "PROFESSIONAL", "messages_per_month": 50000, "messages_sent": 18230},
}


class DashboardView(TenantAPIView):
    permission = Permission.READ_ANALYTICS

    @extend_schema(
        operation_id="dashboard_stats",
        tags=["analytics"],
        summary="A tenant's work at a glance",
        responses={200: DashboardSerializer},
        examples=[OpenApiExample("Some day", value=_STATS)],
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        zone = ZoneInfo(settings.DISPLAY_TIME_ZONE)
        today = now.astimezone(zone).date()
        month, plan = usage.this_month(), self.actor.tenant.plan
        shown = {
            "at": now,
            "today": selectors.message_days(self.actor, rules.Period(today, today, zone))[0],
            "conversations": selectors.standing(self.actor, now=now),
            "numbers": selectors.numbers(self.actor),
            "broadcasts_running": selectors.broadcasts_running(self.actor),
            "plan": {
                "code": plan.code,
                "messages_per_month": month.limit,
                "messages_sent": month.sent,
            },
        }
        return Response(DashboardSerializer(shown).data)


class _PeriodView(TenantAPIView):
    """A route that tells of a stretch of days."""

    permission = Permission.READ_ANALYTICS
    parameters_class = PeriodParameters

    def asked(self) -> dict[str, Any]:
        """Return the period and the number that were asked for. Raises: NotFoundError."""
        phone_id = self.parameters.get("phone")
        if phone_id is not None:
            chosen_phones(phone_id)
        return {"period": self.parameters["period"], "phone_id": phone_id}


class MessagesCountView(_PeriodView):
    @extend_schema(
        operation_id="analytics_messages_count",
        tags=["analytics"],
        summary="Count messages by day",
        description="By when they were written, and by what had become of them until now; 366 days"
        " at most.",
        parameters=[PeriodParameters],
        responses={200: MessagesCountSerializer},
        examples=[
            OpenApiExample(
                "One day",
                value={**_DAY, "totals": _COUNTS, "results": [{**_COUNTS, "date": "2026-11-10"}]},
            )
        ],
    )
    def get(self, request: Request) -> Response:
        asked = self.asked()
        days = selectors.message_days(self.actor, **asked)
        shown = {**asked, "totals": selectors.total(days), "results": days}
        return Response(MessagesCountSerializer(shown).data)


class ConversationsStatsView(_PeriodView):
    @extend_schema(
        operation_id="analytics_conversations_stats",
        tags=["analytics"],
        summary="Count conversations that began and ended by day, and as they stand",
        description="A conversation begins when a customer writes for the first time, or again"
        " after it was closed. `now` does not depend on the days.",
        parameters=[PeriodParameters],
        responses={200: ConversationsStatsSerializer},
        examples=[
            OpenApiExample(
                "One day",
                value={
                    **_DAY,
                    "now": _NOW,
                    "totals": {"opened": 48, "closed": 40},
                    "results": [{"opened": 48, "closed": 40, "date": "2026-11-10"}],
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        asked = self.asked()
        days = selectors.episode_days(self.actor, **asked)
        shown = {
            **asked,
            "now": selectors.standing(self.actor, now=timezone.now(), phone_id=asked["phone_id"]),
            "totals": selectors.total(days),
            "results": days,
        }
        return Response(ConversationsStatsSerializer(shown).data)


class PerformanceView(_PeriodView):
    @extend_schema(
        operation_id="analytics_performance",
        tags=["analytics"],
        summary="Tell how quickly customers were answered, and by whom",
        parameters=[PeriodParameters],
        responses={200: PerformanceSerializer},
        examples=[
            OpenApiExample(
                "One day",
                value={**_DAY, "first_reply": _TIMES, "resolution": _TIMES, "people": [_ANA]},
            )
        ],
    )
    def get(self, request: Request) -> Response:
        asked = self.asked()
        shown = {
            **asked,
            "first_reply": selectors.first_reply_times(self.actor, **asked),
            "resolution": selectors.resolution_times(self.actor, **asked),
            "people": selectors.shares(self.actor, **asked),
        }
        return Response(PerformanceSerializer(shown).data)
