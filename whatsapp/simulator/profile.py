"""GET and POST /{phone_number_id}/whatsapp_business_profile: what customers read of a business."""

import re
from typing import Any
from urllib.parse import urlsplit

from whatsapp.simulator import fields, params
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError

#: The least and the most characters of each text.
_TEXTS = {"about": (1, 139), "address": (0, 256), "description": (0, 512), "email": (0, 128)}
_WEBSITES, _WEBSITE_LIMIT = 2, 256
VERTICALS = (
    "",
    "ALCOHOL",
    "APPAREL",
    "AUTO",
    "BEAUTY",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GOVT",
    "GROCERY",
    "HEALTH",
    "HOTEL",
    "NONPROFIT",
    "ONLINE_GAMBLING",
    "OTC_DRUGS",
    "OTHER",
    "PHYSICAL_GAMBLING",
    "PROF_SERVICES",
    "RESTAURANT",
    "RETAIL",
    "TRAVEL",
)
_FIELDS = (*_TEXTS, "profile_picture_url", "websites", "vertical")
_WRITABLE = (*_TEXTS, "websites", "vertical", "profile_picture_handle")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_HANDLE = re.compile(r"[0-9]+:[0-9A-Za-z+/=:_\-]+")


async def read(call: Call) -> Answer:
    """The wanted fields, of which those that were never set are missing."""
    profile = call.this_number().profile
    wanted = fields.names(call, _FIELDS)
    for name in wanted:
        if name not in (*_FIELDS, "messaging_product"):
            raise GraphError(100, message=f"(#100) Tried accessing nonexisting field ({name})")
    found = {name: profile[name] for name in wanted if profile.get(name)}
    return Answer({"data": [{"messaging_product": "whatsapp", **found}]})


async def write(call: Call) -> Answer:
    """Take over the fields that are given; an empty text removes one."""
    body, number = call.body(), call.this_number()
    params.only(body, "messaging_product", *_WRITABLE)
    params.product(body)
    taken: dict[str, Any] = {}
    for name, (least, most) in _TEXTS.items():
        if name in body:
            taken[name] = params.text(body, name, least=least, most=most)
    if taken.get("email") and not _EMAIL.fullmatch(taken["email"]):
        raise params.wrong("email", "is not a valid email address")
    if "websites" in body:
        taken["websites"] = _websites(body["websites"])
    if "vertical" in body:
        taken["vertical"] = params.one_of(body, "vertical", VERTICALS)
    if "profile_picture_handle" in body:
        taken["profile_picture_url"] = _picture(call, body)
    number.profile.update(taken)
    call.engine.world.touch()
    return Answer({"success": True}, note=", ".join(taken))


def _websites(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > _WEBSITES:
        raise params.wrong("websites", f"must be a list of at most {_WEBSITES} items")
    for website in value:
        if not isinstance(website, str) or len(website) > _WEBSITE_LIMIT:
            raise params.wrong("websites", f"must be at most {_WEBSITE_LIMIT} characters long")
        if not _is_web_address(website):
            raise params.wrong("websites", "must be URLs that begin with http:// or https://")
    return value


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _picture(call: Call, body: dict[str, Any]) -> str:
    """Return the address of a picture that was uploaded for it (uploads.py)."""
    handle = params.text(body, "profile_picture_handle", least=1, most=4000)
    uploads = call.engine.world.uploads
    if not _HANDLE.fullmatch(handle) or handle not in uploads.handles:
        raise params.wrong("profile_picture_handle", "is not a handle of an uploaded picture")
    return f"http://{call.request.headers.get('host', '')}/pictures/{uploads.handles[handle]}"
