"""What one webhook body consists of: units, each with a fate of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sender:
    """Every name that Meta gave for one person, "" for those it left out."""

    wa_id: str
    user_id: str
    parent_user_id: str
    profile_name: str


ECHOES = "smb_message_echoes"


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message in a private chat: a customer's, or the echo of one that the business's app sent.

    Of an echo ``sender`` is the customer all the same: the one whom it went to.
    """

    index: int
    waba_id: str
    phone_number_id: str
    wamid: str
    timestamp: datetime
    type: str  # Meta's word; an open set
    text: str  # its words: a body, a caption, the title of what was chosen; else ""
    content: Any  # the object named as the type, as it came
    extras: Json  # whatever else stood beside it: context, referral, errors, ...
    sender: Sender
    is_echo: bool = False

    @property
    def field(self) -> str:
        return ECHOES if self.is_echo else "messages"


@dataclass(frozen=True, slots=True)
class MessageMark:
    """What was done to a message: a reaction (or its removal), an edit, a deletion."""

    index: int
    waba_id: str
    phone_number_id: str
    wamid: str  # its own
    timestamp: datetime
    kind: str  # reaction, edit or revoke
    target_wamid: str
    emoji: str  # "" where it takes a reaction back
    type: str  # what an edited message says now: type, words and object
    text: str
    content: Any
    is_echo: bool  # done in the business's app

    @property
    def field(self) -> str:
        return ECHOES if self.is_echo else "messages"


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What became of a message that the business sent."""

    index: int
    waba_id: str
    phone_number_id: str
    wamid: str
    timestamp: datetime
    status: str  # Meta's word in capitals; an open set
    callback_data: str  # our own word, echoed
    errors: list[Any] | None
    pricing: Json | None
    recipient: Sender  # whom it went to, as far as the status says
    field: ClassVar[str] = "messages"

    @property
    def error_code(self) -> int | None:
        return error_of(self.errors)[0]

    @property
    def error_detail(self) -> str:
        return error_of(self.errors)[1]


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Anything that is neither: kept as it came, for one number or for a whole account.

    Also what is said in a group, which must never be mixed into a private chat.
    """

    index: int
    waba_id: str
    phone_number_id: str  # "" where the event names no number by its id
    display_phone_number: str
    field: str
    value: Json
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part that has not the shape of anything. ``error`` is a class and never holds content."""

    index: int
    error: str
    field: str = ""
    waba_id: str = ""
    phone_number_id: str = ""


Unit = InboundMessage | MessageMark | StatusUpdate | AccountEvent | Unreadable


def error_of(errors: list[Any] | None) -> tuple[int | None, str]:
    """Return the code, and Meta's most exact words, of the first of a status's errors."""
    error = errors[0] if errors else None
    if not isinstance(error, dict):
        return None, ""
    code, data = _code(error.get("code")), error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    words = (details, error.get("details"), error.get("message"), error.get("title"))
    return code, next((w for w in words if isinstance(w, str) and w), "")


def _code(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 12:
        value = int(value)
    # A column of 32 bits holds the code; a boolean is none.
    known = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    return value if known else None
