"""Make events of the numbered changes, for the addresses that want them.

The changes are the record: written with what they tell, and seen in the order of their numbers. So
whoever writes messages does nothing for this, and nothing is lost between the two.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations import broadcasts, selectors
from conversations.models import (
    HookDelivery,
    HookEndpoint,
    HookEvent,
    HookRelay,
    Message,
)
from tenants import context, queue, stopping
from tenants.feed.models import Change
from tenants.models import Tenant
from tenants.permissions import Actor, system_actor

logger = logging.getLogger(__name__)

PAGE = 500
_KINDS = {
    Change.Kind.ARRIVAL: HookEvent.Kind.MESSAGE_RECEIVED,
    Change.Kind.STATUS: HookEvent.Kind.MESSAGE_STATUS,
    Change.Kind.MESSAGE: HookEvent.Kind.MESSAGE_UPDATED,
    Change.Kind.CONVERSATION: HookEvent.Kind.CONVERSATION_UPDATED,
    Change.Kind.BROADCAST: HookEvent.Kind.BROADCAST_UPDATED,
}
_ABOUT_MESSAGES = {
    HookEvent.Kind.MESSAGE_RECEIVED,
    HookEvent.Kind.MESSAGE_STATUS,
    HookEvent.Kind.MESSAGE_UPDATED,
}
# What a message goes through here before anything can be said of it.
_UNTOLD = {Message.Status.PENDING, Message.Status.SENDING}


class Renderer(Protocol):
    """Writes the body of an event; ``row`` is what it is about, None for a test."""

    def __call__(self, kind: str, row: Any, *, at: datetime, tenant_id: UUID) -> str: ...


@dataclass(frozen=True, slots=True)
class _Happening:
    """What one or more changes say together; ``seq`` is the last one's number."""

    kind: str
    pk: int
    seq: int
    at: datetime


_renderers: list[Renderer] = []


def render_by(renderer: Renderer) -> None:
    """Name who writes bodies: the serializers of the API, which stand above."""
    _renderers[:] = [renderer]


def rendered(kind: str, row: Any, *, at: datetime, tenant_id: UUID) -> str:
    """Return an event's body."""
    return _renderers[0](kind, row, at=at, tenant_id=tenant_id)


def relay() -> None:
    """Make events of everything that has changed. Safe to repeat, and to kill at any point."""
    while not stopping.asked() and _page():
        pass


@transaction.atomic
def _page() -> bool:
    """Make the events of one page of changes; tell whether there may be more."""
    # Rival: another worker with a nudge; whoever has the row looks at everything.
    place = HookRelay.objects.select_for_update(skip_locked=True).first()
    endpoints = list(HookEndpoint.objects.filter(is_enabled=True))
    if place is None or not endpoints:
        return False
    changes = list(Change.objects.filter(seq__gt=place.seq).order_by("seq")[:PAGE])
    if not changes:
        return False
    if changes[0].seq != place.seq + 1:
        logger.warning("webhooks: %s changes were gone before", changes[0].seq - place.seq - 1)
    _tell(endpoints, changes)
    place.seq = changes[-1].seq
    place.save(update_fields=["seq"])
    return len(changes) == PAGE


def _tell(endpoints: Sequence[HookEndpoint], changes: Sequence[Change]) -> None:
    wanted = {kind for endpoint in endpoints for kind in endpoint.events}
    happenings = [one for one in _happenings(changes) if one.kind in wanted]
    tenant = Tenant.objects.get(schema_name=context.current_schema())
    pairs = list(_rows(system_actor(tenant), happenings))
    drafts = {_key(one, row): (one, row) for one, row in pairs}
    told = set(HookEvent.objects.filter(key__in=drafts).values_list("key", flat=True))
    deliveries: list[HookDelivery] = []
    events: list[HookEvent] = []
    for key, (one, row) in drafts.items():
        who = [to for to in endpoints if one.kind in to.events and one.seq > to.since_seq]
        if key in told or not who:
            continue
        body = rendered(one.kind, row, at=one.at, tenant_id=tenant.pk)
        event = HookEvent(kind=one.kind, key=key, body=body)
        events.append(event)
        deliveries += [HookDelivery(event=event, endpoint=to, due_at=timezone.now()) for to in who]
    HookEvent.objects.bulk_create(events)
    HookDelivery.objects.bulk_create(deliveries)
    for endpoint_id in {one.endpoint_id for one in deliveries}:
        queue.enqueue("conversations.tasks.deliver_hooks", endpoint_id=endpoint_id)


def _happenings(changes: Iterable[Change]) -> list[_Happening]:
    """Return what happened, each thing once, in the order in which it happened last."""
    found: dict[tuple[str, int], _Happening] = {}
    for change in changes:
        kind = _KINDS[Change.Kind(change.kind)]
        pk = change.message_id if kind in _ABOUT_MESSAGES else change.conversation_id
        pk = change.broadcast_id if kind == HookEvent.Kind.BROADCAST_UPDATED else pk
        if pk is not None:
            found.pop((kind, pk), None)
            found[kind, pk] = _Happening(kind, pk, change.seq, change.at)
    return list(found.values())


def _rows(actor: Actor, happenings: Sequence[_Happening]) -> Iterable[tuple[_Happening, Any]]:
    """Return each happening with what it is about, as that is now; what is gone is left out."""
    messages = _messages([one.pk for one in happenings if one.kind in _ABOUT_MESSAGES])
    threads = selectors.reached_by(actor)
    conversations = threads.in_bulk(_ids(happenings, HookEvent.Kind.CONVERSATION_UPDATED))
    selectors.with_marks(one.last_message for one in conversations.values())
    lists = broadcasts.listed(actor)
    listed = lists.in_bulk(_ids(happenings, HookEvent.Kind.BROADCAST_UPDATED))
    for one in happenings:
        about: dict[int, Any] = conversations
        if one.kind in _ABOUT_MESSAGES:
            about = messages
        elif one.kind == HookEvent.Kind.BROADCAST_UPDATED:
            about = listed
        row = about.get(one.pk)
        if row is not None and _is_told(one.kind, row):
            yield one, row


def _ids(happenings: Iterable[_Happening], kind: str) -> list[int]:
    return [one.pk for one in happenings if one.kind == kind]


def _messages(ids: Sequence[int]) -> dict[int, Message]:
    listed = Message.objects.select_related("author", "api_key", "conversation__contact")
    found = listed.prefetch_related("conversation__contact__identities").in_bulk(ids)
    selectors.with_marks(found.values())
    return found


def _is_told(kind: str, row: Any) -> bool:
    if kind == HookEvent.Kind.MESSAGE_RECEIVED:
        return not row.is_outbound
    if kind == HookEvent.Kind.MESSAGE_STATUS:
        return bool(row.is_outbound and row.status not in _UNTOLD)
    return True


def _key(one: _Happening, row: Any) -> str:
    """Return what makes an event the same: a message comes once, and has each status once."""
    if one.kind == HookEvent.Kind.MESSAGE_RECEIVED:
        return f"{one.kind}:{one.pk}"
    if one.kind == HookEvent.Kind.MESSAGE_STATUS:
        return f"{one.kind}:{one.pk}:{row.status}"
    return f"{one.kind}:{one.pk}:{one.seq}"
