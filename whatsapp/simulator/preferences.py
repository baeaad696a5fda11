"""GET and POST /{phone_number_id}/settings: calling, identity checks, where data lie."""

from typing import Any

from whatsapp.simulator import params
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import Number

Json = dict[str, Any]
_STORAGES = ("DEFAULT", "IN_COUNTRY_STORAGE_ENABLED", "NO_STORAGE_ENABLED")
_SWITCH = ("ENABLED", "DISABLED")
_ICONS = ("DEFAULT", "DISABLE_ALL")


async def read(call: Call) -> Answer:
    """Every setting, with what Meta has where nothing was set."""
    settings = call.this_number().settings
    return Answer({name: {**start, **settings.get(name, {})} for name, start in _STARTS.items()})


async def write(call: Call) -> Answer:
    """Change one or more settings; all or nothing."""
    body, number = call.body(), call.this_number()
    params.only(body, "messaging_product", *_CHECKS)
    wanted = {name: body[name] for name in _CHECKS if name in body}
    if not wanted:
        raise params.required("settings")
    for name, value in wanted.items():
        if not isinstance(value, dict):
            raise params.wrong(name, "must be a JSON object")
        _CHECKS[name](value, number)
    for name, value in wanted.items():
        number.settings[name] = {**number.settings.get(name, {}), **value}
    call.engine.world.touch()
    return Answer({"success": True}, note=", ".join(wanted))


def _calling(value: Json, number: Number) -> None:
    params.only(value, "status", "call_icon_visibility", "callback_permission_status")
    params.one_of(value, "status", _SWITCH)
    if "call_icon_visibility" in value:
        params.one_of(value, "call_icon_visibility", _ICONS)
    if "callback_permission_status" in value:
        params.one_of(value, "callback_permission_status", _SWITCH)


def _identity(value: Json, number: Number) -> None:
    params.only(value, "enable_identity_key_check")
    if not isinstance(value.get("enable_identity_key_check"), bool):
        raise params.wrong("enable_identity_key_check", "must be a boolean")


def _storage(value: Json, number: Number) -> None:
    params.only(value, "status", "data_localization_region", "retention_minutes")
    status = params.one_of(value, "status", _STORAGES)
    if status == "IN_COUNTRY_STORAGE_ENABLED":
        params.text(value, "data_localization_region", least=2, most=2)
    if number.registered:
        text = "(#100) storage_configuration: the number has to be deregistered first."
        raise GraphError(100, message=text)


_CHECKS = {
    "calling": _calling,
    "user_identity_change": _identity,
    "storage_configuration": _storage,
}
_STARTS: dict[str, Json] = {
    "calling": {"status": "DISABLED", "call_icon_visibility": "DEFAULT"},
    "user_identity_change": {"enable_identity_key_check": False},
    "storage_configuration": {"status": "DEFAULT"},
}
