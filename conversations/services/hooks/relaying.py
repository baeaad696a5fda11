"""Make events of the numbered changes, for the addresses that want them.

The changes are the record: written with what they tell, and seen in the order of their numbers. So
whoever writes messages does nothing for this, and nothing is lost between the two.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations.models import HookDelivery, HookEndpoint, HookEvent, HookRelay
from conversations.services.hooks import subjects
from conversations.services.hooks.subjects import Happening
from tenants import context, queue, stopping
from tenants.feed.models import Change
from tenants.models import Tenant
from tenants.permissions import system_actor

logger = logging.getLogger(__name__)

PAGE = 500
Kind = HookEvent.Kind
# What a change may tell. What has an event of its own is an update, too.
_KINDS: dict[str, tuple[HookEvent.Kind, ...]] = {
    Change.Kind.ARRIVAL: (Kind.MESSAGE_RECEIVED,),
    Change.Kind.STATUS: (Kind.MESSAGE_STATUS,),
    Change.Kind.MESSAGE: (Kind.MESSAGE_UPDATED,),
    Change.Kind.CONVERSATION: (Kind.CONVERSATION_UPDATED,),
    Change.Kind.OPENED: (Kind.CONVERSATION_OPENED, Kind.CONVERSATION_UPDATED),
    Change.Kind.CLOSED: (Kind.CONVERSATION_CLOSED, Kind.CONVERSATION_UPDATED),
    Change.Kind.ASSIGNED: (Kind.CONVERSATION_ASSIGNED, Kind.CONVERSATION_UPDATED),
    Change.Kind.LABELLED: (Kind.CONVERSATION_LABELLED, Kind.CONVERSATION_UPDATED),
    Change.Kind.BROADCAST: (Kind.BROADCAST_UPDATED,),
    Change.Kind.CONTACT_NEW: (Kind.CONTACT_CREATED,),
    Change.Kind.CONTACT: (Kind.CONTACT_UPDATED,),
    Change.Kind.CONTACT_MERGED: (Kind.CONTACT_MERGED,),
    Change.Kind.TEMPLATE: (Kind.TEMPLATE_UPDATED,),
    Change.Kind.NUMBER: (Kind.NUMBER_HEALTH,),
}
# What is told of a thing once, however often it is published.
_ONCE = {Kind.MESSAGE_RECEIVED, Kind.CONTACT_CREATED, Kind.CONTACT_MERGED}


class Renderer(Protocol):
    """Writes the body of an event; ``row`` is what it is about, None for a test."""

    def __call__(self, kind: str, row: Any, *, at: datetime, tenant_id: UUID) -> str: ...


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
    pairs = list(subjects.rows(actor=system_actor(tenant), happenings=happenings))
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


def _happenings(changes: Iterable[Change]) -> list[Happening]:
    """Return what happened, each thing once, in the order in which it happened last."""
    found: dict[tuple[str, int], Happening] = {}
    for change in changes:
        for kind in _KINDS[change.kind]:
            pk = getattr(change, subjects.COLUMNS[kind])
            if pk is not None:
                found.pop((kind, pk), None)
                found[kind, pk] = Happening(kind, pk, change.seq, change.at)
    return list(found.values())


def _key(one: Happening, row: Any) -> str:
    """Return what makes an event the same: a message comes once, and has each status once."""
    if one.kind in _ONCE:
        return f"{one.kind}:{one.pk}"
    if one.kind == Kind.MESSAGE_STATUS:
        return f"{one.kind}:{one.pk}:{row.status}"
    return f"{one.kind}:{one.pk}:{one.seq}"
