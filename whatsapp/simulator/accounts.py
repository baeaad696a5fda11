"""WhatsApp Business Accounts: what they say of themselves, and who hears their webhooks."""

from typing import Any

from whatsapp.simulator import fields, health, overrides
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import Waba

_DEFAULT = ("name", "currency", "timezone_id", "message_template_namespace")
_NODE = "WhatsAppBusinessAccount"


async def read(call: Call) -> Answer:
    """GET /{waba_id}?fields=..."""
    waba = call.this_waba()
    return Answer(fields.selected(call, _fields(call, waba), _DEFAULT, node=_NODE))


async def read_subscriptions(call: Call) -> Answer:
    """GET /{waba_id}/subscribed_apps."""
    return Answer({"data": [_entry(app_id, url) for app_id, url in _subscribers(call).items()]})


async def subscribe(call: Call) -> Answer:
    """POST /{waba_id}/subscribed_apps: subscribe; with an override also set the address."""
    subscribers, wanted, app_id = _subscribers(call), call.body(), call.app_id
    if not wanted:
        subscribers[app_id] = ""
    elif app_id not in subscribers:
        text = "(#100) Before override the current callback uri, your app must be subscribed."
        raise GraphError(100, message=text)
    else:
        subscribers[app_id] = await overrides.verified(call, wanted)
    call.engine.world.touch()
    return Answer({"success": True})


async def unsubscribe(call: Call) -> Answer:
    """DELETE /{waba_id}/subscribed_apps: from now on no webhooks of this account for the app."""
    _subscribers(call).pop(call.app_id, None)
    call.engine.world.touch()
    return Answer({"success": True})


def _subscribers(call: Call) -> dict[str, str]:
    return call.this_waba().subscribers


def _entry(app_id: str, override_callback_url: str) -> dict[str, Any]:
    app = {"id": app_id, "link": f"https://www.facebook.com/games/?app_id={app_id}"}
    entry: dict[str, Any] = {"whatsapp_business_api_data": {**app, "name": "Balcao"}}
    if override_callback_url:
        entry["override_callback_uri"] = override_callback_url
    return entry


def _fields(call: Call, waba: Waba) -> dict[str, Any]:
    owner = {"name": waba.name, "id": waba.business_id}
    return {
        "id": waba.waba_id,
        "name": waba.name,
        "currency": "BRL",
        "timezone_id": "25",
        "country": "BR",
        "message_template_namespace": f"ns_{waba.waba_id}",
        "account_review_status": waba.review,
        "business_verification_status": "verified",
        "ownership_type": "CLIENT_OWNED",
        "owner_business_info": owner,
        "on_behalf_of_business_info": {**owner, "status": "APPROVED", "type": "SELF"},
        "is_enabled_for_insights": True,
        "health_status": health.of_account(call.engine.world, waba),
        "whatsapp_business_manager_messaging_limit": waba.messaging_limit,
    }
