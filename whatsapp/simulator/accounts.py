"""Numbers, accounts, subscriptions and tokens: what a business reads and sets about itself."""

import re
from collections.abc import Mapping
from typing import Any

from whatsapp.simulator import handshake
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.config import ConfigError, Phone, check_callback_url
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.handshake import HandshakeError
from whatsapp.simulator.world import Waba

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
_ONBOARDED = "2026-01-05T12:00:00+0000"
_PHONE_DEFAULT_FIELDS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "last_onboarded_time",
    "webhook_configuration",
)
_NESTED = re.compile(r"[{(][^})]*[})]")


async def read_phone(call: Call) -> Answer:
    """GET /{phone_number_id}?fields=..."""
    phone = call.this_phone()
    return Answer(_selected(call, _phone_fields(call.engine, phone), _PHONE_DEFAULT_FIELDS))


async def write_phone(call: Call) -> Answer:
    """POST /{phone_number_id}: set or remove the number's own callback address."""
    wanted = call.body().get("webhook_configuration")
    if not isinstance(wanted, dict):
        raise GraphError(100, message="(#100) The parameter webhook_configuration is required.")
    phone, world = call.this_phone(), call.engine.world
    if wanted.get("override_callback_uri"):
        world.phone_overrides[phone.phone_number_id] = await _verified(call.engine, wanted)
    else:
        world.phone_overrides.pop(phone.phone_number_id, None)
    world.touch()
    return Answer({"success": True})


async def list_phones(call: Call) -> Answer:
    """GET /{waba_id}/phone_numbers."""
    waba_id = call.this_waba().waba_id
    phones = [phone for phone in call.engine.world.phones.values() if phone.waba_id == waba_id]
    data = [
        _selected(call, _phone_fields(call.engine, phone), _PHONE_DEFAULT_FIELDS)
        for phone in phones
    ]
    return Answer({"data": data, "paging": {"cursors": {"before": "QVFIUjB", "after": "QVFIUjC"}}})


async def read_waba(call: Call) -> Answer:
    """GET /{waba_id}?fields=..."""
    waba = call.this_waba()
    fields = {
        "name": call.phones[0].verified_name,
        "currency": "BRL",
        "timezone_id": "25",
        "message_template_namespace": f"ns_{waba.waba_id}",
        "account_review_status": "APPROVED",
        "country": "BR",
    }
    default = ("name", "currency", "timezone_id", "message_template_namespace")
    return Answer(_selected(call, {"id": waba.waba_id, **fields}, default))


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
    if wanted.get("override_callback_uri"):
        if not waba.subscribed:
            raise GraphError(100, message="(#100) Before override, subscribe the app to the WABA.")
        waba.override_callback_url = await _verified(call.engine, wanted)
    else:
        waba.subscribed, waba.override_callback_url = True, ""
    call.engine.world.touch()
    return Answer({"success": True})


async def unsubscribe(call: Call) -> Answer:
    """DELETE /{waba_id}/subscribed_apps: from now on no webhooks for this account."""
    waba: Waba = call.this_waba()
    waba.subscribed, waba.override_callback_url = False, ""
    call.engine.world.touch()
    return Answer({"success": True})


async def debug_token(call: Call) -> Answer:
    """GET /debug_token?input_token=...: what a token may do; an unknown one is just not valid."""
    wanted = call.request.query.get("input_token", "")
    if not wanted:
        raise GraphError(100, message="(#100) The parameter input_token is required.")
    config = call.engine.world.config
    wabas = sorted({phone.waba_id for phone in config.phones if phone.token == wanted})
    if not wabas:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return Answer({"data": {"error": error, "is_valid": False, "scopes": []}})
    data = {
        "app_id": config.app_id,
        "type": "SYSTEM_USER",
        "application": "Balcao",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "scopes": list(SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": wabas} for scope in SCOPES],
    }
    return Answer({"data": data})


def _phone_fields(engine: Engine, phone: Phone) -> dict[str, Any]:
    return {
        "id": phone.phone_number_id,
        "verified_name": phone.verified_name,
        "display_phone_number": phone.display_phone_number,
        "status": "CONNECTED",
        "quality_rating": "GREEN",
        "quality_score": {"score": "GREEN"},
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "code_verification_status": "VERIFIED",
        "account_mode": "LIVE",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "is_official_business_account": False,
        "is_pin_enabled": True,
        "is_on_biz_app": False,
        "last_onboarded_time": _ONBOARDED,
        "whatsapp_business_manager_messaging_limit": "TIER_250",
        "webhook_configuration": _webhook_configuration(engine, phone),
    }


def _webhook_configuration(engine: Engine, phone: Phone) -> dict[str, str]:
    world = engine.world
    addresses = {
        "phone_number": world.phone_overrides.get(phone.phone_number_id, ""),
        "whatsapp_business_account": world.wabas[phone.waba_id].override_callback_url,
        "application": world.callback_url,
    }
    return {name: url for name, url in addresses.items() if url}


def _selected(call: Call, known: Mapping[str, Any], default: tuple[str, ...]) -> dict[str, Any]:
    names = [n.strip() for n in _NESTED.sub("", call.request.query.get("fields", "")).split(",")]
    names = [name for name in names if name] or list(default)
    for name in names:
        if name not in known:
            raise GraphError(
                100, message=f"(#100) Tried accessing nonexisting field ({name}) on node type"
            )
    return {**{name: known[name] for name in names}, "id": known["id"]}


async def _verified(engine: Engine, wanted: Mapping[str, Any]) -> str:
    """Return the new callback address once its server has answered the handshake."""
    try:
        url = check_callback_url(str(wanted["override_callback_uri"]))
        await handshake.verify(engine, url, str(wanted.get("verify_token", "")))
    except ConfigError as error:
        raise GraphError(100, message=f"(#100) {error}") from error
    except HandshakeError as error:
        text = f"(#2200) Callback verification failed with the following errors: {error}"
        raise GraphError(2200, message=text) from error
    return url
