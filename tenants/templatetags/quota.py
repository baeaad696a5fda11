"""How much of its plan a tenant has used: messages for those who send, requests for admins."""

from typing import Any

from django import template
from django.utils import timezone

from tenants.access import OperatorRequest
from tenants.permissions import Permission
from tenants.services import requests, usage

register = template.Library()


@register.inclusion_tag("tenants/_quota.html", takes_context=True)
def plan_quota(context: dict[str, Any]) -> dict[str, Any]:
    """Draw a notice from four fifths on. One query where the plan has a limit, else none."""
    request: OperatorRequest = context["request"]
    if request.tenant.plan.messages_per_month is None:
        return {}
    if request.actor is None or not request.actor.may(Permission.REPLY):
        return {}
    month = usage.this_month()
    if month.percent < usage.NEAR_PERCENT:
        return {}
    return {
        "month": month,
        "is_used_up": not month.left,
        "next_month": usage.next_month_at(timezone.now()).date(),
    }


@register.inclusion_tag("tenants/_requests.html", takes_context=True)
def plan_requests(context: dict[str, Any]) -> dict[str, Any]:
    """Draw a notice from four fifths on. One call to Redis where the plan has a limit."""
    request: OperatorRequest = context["request"]
    if request.actor is None or not request.actor.may(Permission.MANAGE_KEYS):
        return {}
    hour = requests.used_by(request.tenant)
    if hour is None or hour.percent < usage.NEAR_PERCENT:
        return {}
    return {"hour": hour, "minutes": max(hour.resets_seconds // 60, 1)}
