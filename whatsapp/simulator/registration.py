"""Making a number usable: proving that one owns it, registering it, and the way back."""

from whatsapp.simulator import notices, params
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import Number

TRIES, TRIES_SECONDS = 10, 72 * 3600.0
_LANGUAGE_LIMIT = 10


async def register(call: Call) -> Answer:
    """POST /{phone_number_id}/register: with the PIN that is set, or one to be set."""
    body, number = call.body(), call.this_number()
    params.only(body, "messaging_product", "pin", "data_localization_region")
    params.product(body)
    pin = params.pin(body)
    if "data_localization_region" in body:
        params.text(body, "data_localization_region", least=2, most=2)
    _count(call, number)
    if number.code_verification_status != "VERIFIED":
        raise GraphError(133006)
    if number.pin and number.pin != pin:
        raise GraphError(133005)
    number.pin = pin
    if not number.registered:
        number.registered, number.status = True, "CONNECTED"
        number.onboarded_at = call.engine.world.now()
        notices.quality(call.engine, number, event="ONBOARDING")
    call.engine.world.touch()
    return Answer({"success": True})


async def deregister(call: Call) -> Answer:
    """POST /{phone_number_id}/deregister."""
    number = call.this_number()
    params.only(call.body(), "messaging_product")
    _count(call, number)
    if not number.registered:
        raise GraphError(133010)
    number.registered, number.status = False, "DISCONNECTED"
    call.engine.world.touch()
    return Answer({"success": True})


async def request_code(call: Call) -> Answer:
    """POST /{phone_number_id}/request_code: the code stands on the simulator's page."""
    body, number, world = call.body(), call.this_number(), call.engine.world
    params.only(body, "code_method", "language")
    params.one_of(body, "code_method", ("SMS", "VOICE"))
    params.text(body, "language", least=2, most=_LANGUAGE_LIMIT)
    if number.code_verification_status == "VERIFIED":
        raise GraphError(136024, details="The number is verified already.")
    number.verification_code = str(world.ids.random.randrange(10**5, 10**6))
    world.touch()
    return Answer({"success": True})


async def verify_code(call: Call) -> Answer:
    """POST /{phone_number_id}/verify_code: with the code that was asked for."""
    body, number = call.body(), call.this_number()
    params.only(body, "code")
    code = params.text(body, "code", least=1, most=12).replace("-", "")
    if not number.verification_code or code != number.verification_code:
        raise GraphError(136025, details="The code is wrong, or none was asked for.")
    number.code_verification_status, number.verification_code = "VERIFIED", ""
    call.engine.world.touch()
    return Answer({"success": True})


def _count(call: Call, number: Number) -> None:
    """Count a try; beyond the limit the number is locked until the oldest is 72 hours old."""
    if number.is_on_biz_app:
        text = "(#100) A number of the WhatsApp Business app is not registered by the API."
        raise GraphError(100, message=text)
    now = call.engine.world.now()
    number.registrations = [at for at in number.registrations if now - at < TRIES_SECONDS]
    if len(number.registrations) >= TRIES:
        raise GraphError(133016)
    number.registrations.append(now)
