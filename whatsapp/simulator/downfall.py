"""The `account_update` events: what each does to an account, and how it is told."""

from typing import Any

from whatsapp.simulator import notices
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.registry import Waba
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
EVENTS = (
    "ACCOUNT_DELETED",
    "ACCOUNT_VIOLATION",
    "ACCOUNT_RESTRICTION",
    "DISABLED_UPDATE",
    "ACCOUNT_OFFBOARDED",
    "ACCOUNT_RECONNECTED",
    "PARTNER_ADDED",
    "PARTNER_REMOVED",
    "PARTNER_APP_INSTALLED",
    "PARTNER_APP_UNINSTALLED",
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
    "AD_ACCOUNT_LINKED",
    "MM_LITE_TERMS_SIGNED",
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
    "VOLUME_BASED_PRICING_TIER_UPDATE",
)
#: What stands beside the event where the wish has no details of its own.
_DETAILS: dict[str, Json] = {
    "ACCOUNT_VIOLATION": {"violation_info": {"violation_type": "SPAM"}},
    "ACCOUNT_RESTRICTION": {
        "restriction_info": [
            {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1893456000}
        ]
    },
    "DISABLED_UPDATE": {
        "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "November 26, 2026"}
    },
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": {"country": "BR"},
}
#: Sent in the name of the portfolio; the account stands in `waba_info`.
_OF_PORTFOLIO = ("PARTNER_", "AD_ACCOUNT_LINKED", "MM_LITE_TERMS_SIGNED")


def happen(engine: Engine, waba: Waba, event: str, details: Json, *, tell: bool) -> None:
    """Let an event happen to an account. Raises: WishError, for one that Meta does not have."""
    if event not in EVENTS:
        raise WishError(f"event: one of {', '.join(EVENTS)}.")
    details = details or _DETAILS.get(event, {})
    value = {"event": event, **details}
    if event.startswith(_OF_PORTFOLIO):
        owner = {"waba_id": waba.waba_id, "owner_business_id": waba.business_id}
        entry_id, value = waba.business_id, {**value, "waba_info": owner}
    else:
        entry_id = waba.waba_id
    if tell:
        notices.send(engine, waba, "account_update", value, entry_id=entry_id)
    _take_effect(engine, waba, event, details)


def _take_effect(engine: Engine, waba: Waba, event: str, details: Json) -> None:
    if event == "DISABLED_UPDATE":
        state = _object(details.get("ban_info")).get("waba_ban_state", "DISABLE")
        waba.ban_state = "" if state == "REINSTATE" else str(state)
    elif event == "ACCOUNT_RESTRICTION":
        found = details.get("restriction_info")
        items = found if isinstance(found, list) else []
        waba.restrictions = tuple(str(_object(one).get("restriction_type")) for one in items)
    elif event == "ACCOUNT_DELETED":
        waba.deleted = True
        waba.subscribers.clear()
    elif event in {"PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED", "ACCOUNT_OFFBOARDED"}:
        waba.subscribers.clear()
        for grant in engine.world.registry.grants.values():
            grant.waba_ids.discard(waba.waba_id)
    elif event in {"PARTNER_ADDED", "ACCOUNT_RECONNECTED"}:
        for phone in engine.world.registry.phones_in(waba.waba_id):
            engine.world.registry.grants[phone.token].waba_ids.add(waba.waba_id)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
