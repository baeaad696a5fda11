"""Embedded Signup: what the customer does on Meta's page, and what the business's page hears."""

from typing import Any

from whatsapp.simulator import wishes
from whatsapp.simulator.config import Phone
from whatsapp.simulator.registry import CODE_SECONDS, Code, Grant, Number
from whatsapp.simulator.world import World

Json = dict[str, Any]
KEYS = (
    "phone_number_id",
    "waba_id",
    "display_phone_number",
    "verified_name",
    "coexistence",
    "by_hand",
)


def finish(world: World, number: Number, *, token: str, by_hand: bool) -> Json:
    """Return the code, good once and for 30 seconds, and the event that comes beside it.

    ``by_hand`` there is no signup: the business made itself a token in the Business Manager.
    """
    waba_id = number.phone.waba_id
    world.registry.grants.setdefault(token, Grant(world.app.app_id)).waba_ids.add(waba_id)
    world.touch()
    found = {
        "phone_number_id": number.phone.phone_number_id,
        "waba_id": waba_id,
        "business_id": world.wabas[waba_id].business_id,
    }
    if by_hand:
        return {"token": token, **found}
    code, expires_at = world.ids.secret(), world.now() + CODE_SECONDS
    world.registry.codes[code] = Code(token, expires_at)
    event = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" if number.is_on_biz_app else "FINISH"
    heard = {"type": "WA_EMBEDDED_SIGNUP", "event": event, "data": found, "version": "4"}
    return {"code": code, "expires_at": expires_at, **found, "event": heard}


def new_number(world: World, data: Json, *, token: str) -> Number:
    """Put a number there that is neither registered nor subscribed. Raises: WishError."""
    phone = Phone(
        phone_number_id=world.ids.object_id(),
        waba_id=wishes.text(data, "waba_id", "") or world.ids.object_id(),
        display_phone_number=wishes.text(data, "display_phone_number", "+55 31 4000-3003"),
        verified_name=wishes.text(data, "verified_name", "Padaria Central"),
        token=token,
        subscribed=False,
        registered=False,
        pin="",
    )
    coexists = wishes.flag(data, "coexistence", default=False)
    number = world.registry.add(phone, now=world.now())
    if coexists:
        number.is_on_biz_app, number.registered, number.status = True, True, "CONNECTED"
    return number
