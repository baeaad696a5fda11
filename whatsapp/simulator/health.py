"""Whether a number and its account may send, as `health_status` tells it."""

from typing import Any

from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import Number, Waba
from whatsapp.simulator.world import World

AVAILABLE, LIMITED, BLOCKED = "AVAILABLE", "LIMITED", "BLOCKED"
_WORST_FIRST = (BLOCKED, LIMITED, AVAILABLE)
#: Restrictions that keep a business from writing first.
_NO_START = "RESTRICTED_BIZ_INITIATED_MESSAGING"
_NO_ANSWER = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"


def check_send(number: Number, waba: Waba, *, kind: str) -> None:
    """Raise GraphError when Meta lets this number send nothing of this kind now."""
    if waba.ban_state == "DISABLE":
        raise GraphError(368)
    if not number.registered:
        raise GraphError(133010)
    if number.status == "BANNED":
        raise GraphError(131031)
    if number.status == "RATE_LIMITED":
        raise GraphError(130429)
    if kind == "template" and (number.status == "RESTRICTED" or _NO_START in waba.restrictions):
        raise GraphError(131048 if number.status == "RESTRICTED" else 368)
    if kind != "template" and _NO_ANSWER in waba.restrictions:
        raise GraphError(368)


def of_number(world: World, number: Number) -> dict[str, Any]:
    """Return `health_status` of a number: its own, its account's, its portfolio's and the app's."""
    own = _entity("PHONE_NUMBER", number.phone.phone_number_id, *_state_of(number))
    waba = world.wabas[number.phone.waba_id]
    return _together([own, *_of_account(world, waba)])


def of_account(world: World, waba: Waba) -> dict[str, Any]:
    """Return `health_status` of an account."""
    return _together(_of_account(world, waba))


def _of_account(world: World, waba: Waba) -> list[dict[str, Any]]:
    state, code, why = AVAILABLE, 0, ""
    if waba.ban_state == "DISABLE":
        state, code, why = BLOCKED, 141006, "The account is disabled."
    elif waba.restrictions:
        state, code, why = LIMITED, 141001, "The account is restricted."
    return [
        _entity("WABA", waba.waba_id, state, code, why),
        _entity("BUSINESS", waba.business_id, AVAILABLE, 0, ""),
        _entity("APP", world.config.app_id, AVAILABLE, 0, ""),
    ]


def _state_of(number: Number) -> tuple[str, int, str]:
    if not number.registered:
        return BLOCKED, 141000, "The phone number is not registered."
    if number.status == "BANNED":
        return BLOCKED, 141002, "The phone number is banned."
    if number.status in {"FLAGGED", "RESTRICTED", "RATE_LIMITED"}:
        return LIMITED, 141001, f"The phone number is {number.status}."
    if number.name_status != "APPROVED":
        return LIMITED, 141003, "The display name is not approved yet."
    return AVAILABLE, 0, ""


def _entity(kind: str, entity_id: str, state: str, code: int, why: str) -> dict[str, Any]:
    entity: dict[str, Any] = {"entity_type": kind, "id": entity_id, "can_send_message": state}
    if state == LIMITED:
        entity["additional_info"] = [why]
    elif state == BLOCKED:
        solution = "Solve it in the WhatsApp Manager."
        error = {"error_code": code, "error_description": why, "possible_solution": solution}
        entity["errors"] = [error]
    return entity


def _together(entities: list[dict[str, Any]]) -> dict[str, Any]:
    states = {entity["can_send_message"] for entity in entities}
    worst = next(state for state in _WORST_FIRST if state in states)
    return {"can_send_message": worst, "entities": entities}
