"""What the Graph API refuses at once in the body of a send."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from whatsapp.simulator import bodies, interactive, media_bodies, recipients, summaries
from whatsapp.simulator.config import Phone
from whatsapp.simulator.errors import GraphError

CALLBACK_DATA_LIMIT = 512
TYPES = (
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A send that may be accepted. ``digits`` names the person, or else ``user_id``."""

    type: str
    content: dict[str, Any]
    text: str
    entered: str
    digits: str
    user_id: str
    opaque: str
    identity_hash: str = ""
    category: str = ""  # of a template
    filled: dict[str, Any] | None = None  # a template as the phone shows it


def check_product(body: dict[str, Any]) -> None:
    """Raise GraphError unless the body says that it is for WhatsApp."""
    if "messaging_product" not in body:
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if body["messaging_product"] != "whatsapp":
        raise GraphError(100, message='(#100) Param messaging_product must be one of {"WHATSAPP"}')


def outgoing(body: dict[str, Any], phone: Phone) -> Outgoing:
    """Return the send that ``body`` describes. Raises: GraphError."""
    check_product(body)
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, message="(#100) Param recipient_type must be one of {INDIVIDUAL}")
    entered, digits, user_id = _recipient(body, phone)
    kind = _type(body)
    content = _content(body, kind)
    quoted = bodies.quoted(body, kind)
    if "category" in body:
        text = "(#100) Param category: Direct Send is not enabled for this account."
        raise GraphError(100, message=text)
    return Outgoing(
        type=kind,
        content={"type": kind, kind: content, **({"context": {"id": quoted}} if quoted else {})},
        text=summaries.summary(kind, content),
        entered=entered,
        digits=digits,
        user_id=user_id,
        opaque=_callback_data(body),
        identity_hash=_identity_hash(body),
    )


def _recipient(body: dict[str, Any], phone: Phone) -> tuple[str, str, str]:
    to, user_id = body.get("to"), body.get("recipient")
    if to:
        digits = recipients.digits_of(to) if isinstance(to, str) else ""
        if not digits:
            raise GraphError(131009, details="Recipient phone number is not valid.")
        if digits == phone.digits:
            raise GraphError(131021)
        return to, digits, _user_id(user_id) if user_id else ""
    if not user_id:
        raise GraphError(100, message="(#100) The parameter to is required.")
    return str(user_id), "", _user_id(user_id)


def _user_id(value: Any) -> str:
    if not isinstance(value, str) or not recipients.USER_ID.fullmatch(value):
        raise GraphError(131009, details="Recipient user id is not valid.")
    return value


def _type(body: dict[str, Any]) -> str:
    kind = body.get("type", "text")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        known = ", ".join(name.upper() for name in TYPES)
        raise GraphError(
            100, message=f'(#100) Param type must be one of {{{known}}} - got "{kind}".'
        )
    return kind.lower()


def _content(body: dict[str, Any], kind: str) -> Any:
    content = body.get(kind)
    wanted = list if kind == "contacts" else dict
    if not isinstance(content, wanted) or not content:
        raise GraphError(131008, details=f"Parameter '{kind}' is mandatory for type '{kind}'")
    check = _CHECKS.get(kind)
    if check is not None:
        check(content)
    return content


_CHECKS: dict[str, Callable[[Any], None]] = {
    "text": bodies.check_text,
    "location": bodies.check_location,
    "contacts": bodies.check_contacts,
    "reaction": bodies.check_reaction,
    "interactive": interactive.check,
    **{kind: functools.partial(media_bodies.check, kind) for kind in media_bodies.KINDS},
}


def _identity_hash(body: dict[str, Any]) -> str:
    value = body.get("recipient_identity_key_hash", "")
    if not isinstance(value, str):
        raise bodies.invalid("recipient_identity_key_hash", "must be a text")
    return value


def _callback_data(body: dict[str, Any]) -> str:
    data = body.get("biz_opaque_callback_data", "")
    if not isinstance(data, str) or len(data) > CALLBACK_DATA_LIMIT:
        raise GraphError(
            100,
            message="(#100) Param biz_opaque_callback_data must be at most"
            f" {CALLBACK_DATA_LIMIT} characters long.",
        )
    return data
