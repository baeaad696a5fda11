"""A business number: what it says of itself, its PIN and its own callback address."""

from typing import Any

from whatsapp.simulator import fields, health, notices, overrides, paging, params
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.config import Phone
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import Number
from whatsapp.simulator.times import as_meta_writes

_DEFAULT = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "last_onboarded_time",
    "webhook_configuration",
)
_NODE = "WhatsAppBusinessPhoneNumber"
_ORDERS = {
    '["last_onboarded_time_ascending"]': False,
    '["last_onboarded_time_descending"]': True,
    None: True,
}


async def read(call: Call) -> Answer:
    """GET /{phone_number_id}?fields=..."""
    return Answer(_selected(call, call.this_number()))


async def write(call: Call) -> Answer:
    """POST /{phone_number_id}: set the PIN, or set or remove the own callback address."""
    body, number = call.body(), call.this_number()
    params.only(body, "messaging_product", "pin", "webhook_configuration")
    if "pin" in body:
        number.pin = params.pin(body)
        notices.security(call.engine, number, event="PIN_CHANGED")
    elif "webhook_configuration" in body:
        wanted = body["webhook_configuration"]
        if not isinstance(wanted, dict):
            raise params.wrong("webhook_configuration", "must be a JSON object")
        number.overrides[call.app_id] = await overrides.verified(call, wanted)
    else:
        raise params.required("webhook_configuration")
    call.engine.world.touch()
    return Answer({"success": True})


async def list_of_account(call: Call) -> Answer:
    """GET /{waba_id}/phone_numbers: newest first, unless `sort` says otherwise."""
    world, wanted = call.engine.world, call.request.query.get("sort")
    if wanted not in _ORDERS:
        raise params.wrong("sort", "must be one of {last_onboarded_time_ascending, ...}")
    found = [world.numbers[phone.phone_number_id] for phone in call.phones]
    found.sort(key=lambda number: number.onboarded_at, reverse=bool(_ORDERS[wanted]))
    shown, paging_of = paging.page(call, found, most=world.settings.page_size)
    return Answer({"data": [_selected(call, number) for number in shown], "paging": paging_of})


async def add(call: Call) -> Answer:
    """POST /{waba_id}/phone_numbers: one more, which has yet to be verified and registered."""
    body, world = call.body(), call.engine.world
    params.only(body, "cc", "phone_number", "verified_name", "migrate_phone_number")
    digits = params.text(body, "cc", least=1, most=3)
    digits += params.text(body, "phone_number", least=4, most=14)
    name = params.text(body, "verified_name", least=1, most=512)
    if not (digits.isascii() and digits.isdecimal()):
        raise params.wrong("phone_number", "must be digits")
    if any(phone.digits == digits for phone in world.phones.values()):
        raise GraphError(100, subcode=2388001, details="This number is already in use.")
    phone = Phone(
        phone_number_id=world.ids.object_id(),
        waba_id=call.this_waba().waba_id,
        display_phone_number=f"+{digits}",
        verified_name=name,
        token=call.token,
        subscribed=False,  # its account may be
        registered=False,
        pin="",
    )
    number = world.registry.add(phone, now=world.now())
    number.code_verification_status, number.name_status = "NOT_VERIFIED", "PENDING_REVIEW"
    world.touch()
    return Answer({"id": phone.phone_number_id}, note=phone.display_phone_number)


def _selected(call: Call, number: Number) -> dict[str, Any]:
    return fields.selected(call, _fields(call, number), _DEFAULT, node=_NODE)


def _fields(call: Call, number: Number) -> dict[str, Any]:
    world, phone = call.engine.world, number.phone
    waba = world.wabas[phone.waba_id]
    return {
        "id": phone.phone_number_id,
        "verified_name": number.verified_name,
        "display_phone_number": phone.display_phone_number,
        "status": number.status,
        "quality_rating": number.quality_rating,
        "quality_score": {"score": number.quality_rating},
        "name_status": number.name_status,
        "new_name_status": number.new_name_status,
        "code_verification_status": number.code_verification_status,
        "account_mode": number.account_mode,
        "platform_type": "CLOUD_API" if number.registered else "NOT_APPLICABLE",
        "throughput": {"level": number.throughput if number.registered else "NOT_APPLICABLE"},
        "is_official_business_account": False,
        "is_pin_enabled": bool(number.pin),
        "is_on_biz_app": number.is_on_biz_app,
        "last_onboarded_time": as_meta_writes(number.onboarded_at),
        "health_status": health.of_number(world, number),
        "whatsapp_business_manager_messaging_limit": waba.messaging_limit,
        "messaging_limit_tier": None,  # known, and no longer told
        "webhook_configuration": _webhook_configuration(call, number),
    }


def _webhook_configuration(call: Call, number: Number) -> dict[str, str]:
    world, app_id = call.engine.world, call.app_id
    addresses = {
        "phone_number": number.overrides.get(app_id, ""),
        "whatsapp_business_account": world.wabas[number.phone.waba_id].subscribers.get(app_id, ""),
        "application": world.registry.apps[app_id].callback_url,
    }
    return {name: url for name, url in addresses.items() if url}
