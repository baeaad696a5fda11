"""What events are about: the rows, as they are now, some queries for all of a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations import broadcasts, selectors
from conversations.models import Contact, HookEvent, Message
from tenants.permissions import Actor
from whatsapp.models import MessageTemplate, Phone

Kind = HookEvent.Kind
_CONVERSATIONS = (
    Kind.CONVERSATION_OPENED,
    Kind.CONVERSATION_CLOSED,
    Kind.CONVERSATION_ASSIGNED,
    Kind.CONVERSATION_LABELLED,
    Kind.CONVERSATION_UPDATED,
)
_SUBJECTS = (
    Kind.CONTACT_CREATED,
    Kind.CONTACT_UPDATED,
    Kind.CONTACT_MERGED,
    Kind.TEMPLATE_UPDATED,
    Kind.NUMBER_HEALTH,
)
# Which column of a change has the id of what an event is about.
COLUMNS: dict[str, str] = {
    Kind.MESSAGE_RECEIVED: "message_id",
    Kind.MESSAGE_STATUS: "message_id",
    Kind.MESSAGE_UPDATED: "message_id",
    Kind.BROADCAST_UPDATED: "broadcast_id",
    **dict.fromkeys(_CONVERSATIONS, "conversation_id"),
    **dict.fromkeys(_SUBJECTS, "subject_id"),
}
_Loader = Callable[[Actor, Sequence[int]], Mapping[int, Any]]
# What a message goes through here before anything can be said of it.
_UNTOLD = {Message.Status.PENDING, Message.Status.SENDING}


@dataclass(frozen=True, slots=True)
class Happening:
    """What one or more changes say together; ``seq`` is the last one's number."""

    kind: str
    pk: int
    seq: int
    at: datetime


def rows(*, actor: Actor, happenings: Sequence[Happening]) -> Iterable[tuple[Happening, Any]]:
    """Return each happening with what it is about; what is gone, or not told, is left out."""
    wanted: dict[_Loader, set[int]] = {}
    for one in happenings:
        wanted.setdefault(_LOADERS[one.kind], set()).add(one.pk)
    found = {load: load(actor, sorted(ids)) for load, ids in wanted.items()}
    for one in happenings:
        row = found[_LOADERS[one.kind]].get(one.pk)
        if row is not None and _is_told(one.kind, row):
            yield one, row


def _messages(_actor: Actor, ids: Sequence[int]) -> Mapping[int, Message]:
    listed = Message.objects.select_related("author", "api_key", "conversation__contact")
    found = listed.prefetch_related("conversation__contact__identities").in_bulk(ids)
    selectors.with_marks(found.values())
    return found


def _conversations(actor: Actor, ids: Sequence[int]) -> Mapping[int, Any]:
    found = selectors.reached_by(actor).in_bulk(ids)
    selectors.with_marks(one.last_message for one in found.values())
    return found


def _broadcasts(actor: Actor, ids: Sequence[int]) -> Mapping[int, Any]:
    return broadcasts.listed(actor).in_bulk(ids)


def _contacts(_actor: Actor, ids: Sequence[int]) -> Mapping[int, Contact]:
    listed = Contact.objects.select_related("merged_into")
    return listed.prefetch_related("identities", "merged_into__identities").in_bulk(ids)


def _templates(_actor: Actor, ids: Sequence[int]) -> Mapping[int, MessageTemplate]:
    return MessageTemplate.objects.in_bulk(ids)


def _numbers(_actor: Actor, ids: Sequence[int]) -> Mapping[int, Phone]:
    return Phone.objects.prefetch_related("facts").in_bulk(ids)


_LOADERS: dict[str, _Loader] = {
    **dict.fromkeys((Kind.MESSAGE_RECEIVED, Kind.MESSAGE_STATUS, Kind.MESSAGE_UPDATED), _messages),
    **dict.fromkeys(_CONVERSATIONS, _conversations),
    Kind.BROADCAST_UPDATED: _broadcasts,
    **dict.fromkeys((Kind.CONTACT_CREATED, Kind.CONTACT_UPDATED, Kind.CONTACT_MERGED), _contacts),
    Kind.TEMPLATE_UPDATED: _templates,
    Kind.NUMBER_HEALTH: _numbers,
}


def _is_told(kind: str, row: Any) -> bool:
    if kind == Kind.MESSAGE_RECEIVED:
        return not row.is_outbound
    if kind == Kind.MESSAGE_STATUS:
        return bool(row.is_outbound and row.status not in _UNTOLD)
    if kind in (Kind.CONTACT_CREATED, Kind.CONTACT_UPDATED):
        return row.merged_into_id is None  # what became of it is told of the other
    if kind == Kind.CONTACT_MERGED:
        return row.merged_into_id is not None
    return True
