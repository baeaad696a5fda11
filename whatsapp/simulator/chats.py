"""People with a phone, what they and a business write to each other, and how far it got."""

from dataclasses import dataclass, field
from typing import Any

from whatsapp.simulator import ids, recipients
from whatsapp.simulator.config import Phone

INBOUND, OUTBOUND = "inbound", "outbound"  # seen from the business, as in its own inbox
_FILE_TYPES = frozenset({"image", "sticker", "audio", "video", "document"})


@dataclass(slots=True)
class Person:
    """A customer with a phone; ``reads`` is whether messages get opened on it."""

    wa_id: str
    name: str
    first_wrote_at: float | None = None  # known before the simulator heard of a chat
    reads: bool = True
    hides_number: bool = False  # the business knows only their user id
    username: str = ""
    stopped: set[str] = field(default_factory=set)  # numbers that may send them no marketing
    identities: int = 0  # how often their keys changed

    renewals: int = 0  # how often their user ids changed

    def user_id(self, waba_id: str) -> str:
        """Return the id by which a business knows them."""
        return ids.user_id(waba_id, self.wa_id, self.renewals)

    @property
    def identity_hash(self) -> str:
        """What a business may insist on when it sends."""
        return ids.identity_hash(self.wa_id, self.identities)


@dataclass(frozen=True, slots=True)
class Status:
    """A state that a message to the customer reached; ``code`` only for `failed`."""

    name: str
    at: float
    code: int = 0


@dataclass(slots=True)
class Message:
    """One message, in either direction."""

    wamid: str
    direction: str
    phone_number_id: str
    wa_id: str
    type: str
    text: str
    at: float
    content: dict[str, Any]
    opaque: str = ""
    statuses: list[Status] = field(default_factory=list)
    delivered: bool = False  # inbound: the business acknowledged the webhook
    read: bool = False  # inbound: the business marked it as read
    filled: dict[str, Any] | None = None  # a template with its parameters, as a phone shows it
    reactions: dict[str, str] = field(default_factory=dict)  # an emoji for each direction
    edited: bool = False
    deleted: bool = False

    @property
    def reached(self) -> set[str]:
        """The names of all states so far."""
        return {status.name for status in self.statuses}

    def _media(self) -> dict[str, str] | None:
        """Name the file that the page may show with the message."""
        content = self.content.get(self.type)
        if self.type not in _FILE_TYPES or not isinstance(content, dict) or not content.get("id"):
            return None
        name = content.get("filename") or ""
        return {"id": str(content["id"]), "kind": self.type, "name": str(name)}

    def as_json(self) -> dict[str, Any]:
        """As the JSON endpoints show it; times are unix seconds."""
        return {
            "wamid": self.wamid,
            "direction": self.direction,
            "phone_number_id": self.phone_number_id,
            "wa_id": self.wa_id,
            "type": self.type,
            "text": self.text,
            "at": self.at,
            "statuses": [{"status": s.name, "at": s.at, "code": s.code} for s in self.statuses],
            "biz_opaque_callback_data": self.opaque,
            "media": self._media(),
            "delivered": self.delivered,
            "read": self.read,
        }


@dataclass(slots=True)
class Chat:
    """What one business number and one person wrote to each other."""

    phone: Phone
    person: Person
    messages: list[Message] = field(default_factory=list)
    last_wrote_at: float | None = None
    typing_until: float = 0.0

    def find(self, wamid: str) -> Message | None:
        """Return one of its messages."""
        return next((m for m in reversed(self.messages) if m.wamid == wamid), None)

    @property
    def lane(self) -> str:
        """The key within which webhooks keep their order."""
        return f"{self.phone.phone_number_id}:{recipients.match_key(self.person.wa_id)}"
