"""What Meta tells about accounts and numbers. It never follows an override: the app hears it."""

from typing import Any

from whatsapp.simulator import events
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.registry import Number, Waba

_LIMITS = {"TIER_250": 250, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}
TIERS = (*_LIMITS, "TIER_UNLIMITED")
_NUMBERS_OF_ACCOUNT = 25


def send(
    engine: Engine, waba: Waba, field: str, value: dict[str, Any], *, entry_id: str = ""
) -> None:
    """Send one change to the own address of each subscribed app."""
    entry = {
        "id": entry_id or waba.waba_id,
        "time": int(engine.world.now()),
        "changes": [{"field": field, "value": value}],
    }
    body = events.encode({"object": "whatsapp_business_account", "entry": [entry]})
    for app_id in waba.subscribers:
        engine.sender.submit_raw(body, field, engine.world.registry.apps[app_id])


def of_number(engine: Engine, number: Number, field: str, value: dict[str, Any]) -> None:
    """Send one change of a number, which is named by its digits alone."""
    waba = engine.world.wabas[number.phone.waba_id]
    send(engine, waba, field, {"display_phone_number": number.phone.digits, **value})


def quality(engine: Engine, number: Number, *, event: str, old_limit: str = "") -> None:
    """Tell of a change of quality, limit or throughput."""
    limit = engine.world.wabas[number.phone.waba_id].messaging_limit
    value = {"event": event, "max_daily_conversations_per_business": limit}
    if old_limit:
        value |= {"current_limit": limit, "old_limit": old_limit}
    of_number(engine, number, "phone_number_quality_update", value)


def name(engine: Engine, number: Number, *, decision: str, wanted: str, reason: str) -> None:
    """Tell what became of a display name."""
    value = {"decision": decision, "requested_verified_name": wanted}
    if reason:
        value["rejection_reason"] = reason
    of_number(engine, number, "phone_number_name_update", value)


def security(engine: Engine, number: Number, *, event: str) -> None:
    """Tell of a PIN that was set, or is to be forgotten."""
    of_number(engine, number, "security", {"event": event, "requester": "63655"})


def capability(engine: Engine, waba: Waba) -> None:
    """Tell how many people a day the portfolio may write to first; -1 is without limit."""
    value = {
        "max_daily_conversations_per_business": _LIMITS.get(waba.messaging_limit, -1),
        "max_phone_numbers_per_waba": _NUMBERS_OF_ACCOUNT,
    }
    send(engine, waba, "business_capability_update", value)
