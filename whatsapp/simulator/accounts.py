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
    waba, app_id = call.this_waba(), call.engine.world.config.app_id
    if not waba.subscribed:
        return Answer({"data": []})
    app = {"link": "https://www.facebook.com/games/?app_id=" + app_id, "name": "Balcao"}
    entry: dict[str, Any] = {"whatsapp_business_api_data": {"id": app_id, **app}}
    if waba.override_callback_url:
        entry["override_callback_uri"] = waba.override_callback_url
    return Answer({"data": [entry]})


async def subscribe(call: Call) -> Answer:
    """POST /{waba_id}/subscribed_apps: subscribe; with an override also set the address."""
    waba, wanted = call.this_waba(), call.body()
    if not wanted:
        waba.subscribed, waba.override_callback_url = True, ""
    elif not waba.subscribed:
        text = "(#100) Before override the current callback uri, your app must be subscribed."
        raise GraphError(100, message=text)
    else:
        waba.override_callback_url = await overrides.verified(call, wanted)
    call.engine.world.touch()
    return Answer({"success": True})


async def unsubscribe(call: Call) -> Answer:
    """DELETE /{waba_id}/subscribed_apps: from now on no webhooks for this account."""
    waba = call.this_waba()
    waba.subscribed, waba.override_callback_url = False, ""
    call.engine.world.touch()
    return Answer({"success": True})


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
