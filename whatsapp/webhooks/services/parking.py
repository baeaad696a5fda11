"""Park what could not be applied, and bring it back."""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

import psycopg
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import audit, context, queue
from tenants.db import arrays
from tenants.errors import DomainError
from tenants.models import Tenant, User
from whatsapp.webhooks.models import ParkedUnit, PhoneRoute, WebhookDelivery
from whatsapp.webhooks.services import deliveries
from whatsapp.webhooks.types import Batch, Fate, Park, Replay

Session = psycopg.Connection[Any]

PAGE = 500
_NOBODY = "00000000-0000-0000-0000-000000000000"
# A unit that was parked before, and was not thrown away, is parked again with the newer reason.
_PARK = f"""
    INSERT INTO public.webhooks_parkedunit AS parked
        (delivery_id, unit_index, tenant_id, reason, field, phone_number_id, error)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::uuid[], %s::text[], %s::text[], %s::text[],
        %s::text[])
    ON CONFLICT (delivery_id, unit_index, COALESCE(tenant_id, '{_NOBODY}'::uuid))
    DO UPDATE SET reason = excluded.reason, error = excluded.error, state = 'PARKED',
        resolved_at = NULL
    WHERE parked.state <> 'DISCARDED'
"""  # noqa: S608 - a constant of our own
_CLAIM = """
    SELECT parked.id, parked.delivery_id, parked.unit_index, parked.tenant_id, parked.routed_to,
        delivery.attempts
    FROM public.webhooks_parkedunit AS parked
    JOIN public.webhooks_webhookdelivery AS delivery ON delivery.id = parked.delivery_id
    WHERE parked.state = 'NEW' AND delivery.state = 'DONE' AND delivery.id <> ALL (%s::bigint[])
    ORDER BY parked.id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_DONE = """
    UPDATE public.webhooks_parkedunit SET state = 'DONE', resolved_at = clock_timestamp()
    WHERE id = ANY (%s::bigint[])
"""
_LOSE = """
    UPDATE public.webhooks_parkedunit
    SET state = 'PARKED', reason = 'UNROUTED', error = 'NumberMoved'
    WHERE id = %s
"""
_REDO = """
    UPDATE public.webhooks_webhookdelivery
    SET state = 'NEW', processed_at = NULL, units_total = 0, units_stored = 0, units_duplicate = 0,
        units_placeholder = 0, units_parked = 0
    WHERE id = ANY (%s::bigint[])
"""
# A unit that waits for several tenants counts as parked until the last one has it.
_MOVE = """
    UPDATE public.webhooks_webhookdelivery AS delivery
    SET units_parked = units_parked - 1, {column} = {column} + 1
    WHERE id = %s AND NOT EXISTS (
        SELECT FROM public.webhooks_parkedunit AS other
        WHERE other.delivery_id = delivery.id AND other.unit_index = %s AND other.state <> 'DONE'
    )
"""
_MOVES = {
    Fate.STORED: _MOVE.format(column="units_stored"),
    Fate.PLACEHOLDER: _MOVE.format(column="units_placeholder"),
    Fate.DUPLICATE: _MOVE.format(column="units_duplicate"),
}
_WAKE_HELD = """
    UPDATE public.webhooks_parkedunit SET state = 'NEW' WHERE id IN (
        SELECT parked.id FROM public.webhooks_parkedunit AS parked
        JOIN public.tenants_tenant AS tenant ON tenant.id = parked.tenant_id
        WHERE parked.state = 'PARKED' AND parked.reason = 'HELD' AND tenant.status = 'ACTIVE'
        ORDER BY parked.id LIMIT %s FOR UPDATE OF parked SKIP LOCKED
    )
"""


class NotUnroutedError(DomainError):
    code = "not_unrouted"
    http_status = 409
    message = _("Only what came for an unknown number can be sent on to another one.")


class NotWaitingError(DomainError):
    code = "not_waiting"
    http_status = 409
    message = _("This does not wait any more: it was decided about already. Nothing was changed.")


class OtherAppError(DomainError):
    code = "other_app"
    http_status = 409
    message = _(
        "This number's events come through another Meta app: what this one signed is not for it."
    )


def replay(*, actor: User | None, units: Iterable[ParkedUnit], reason: str) -> int:
    """Have parked units tried again; return how many were parked still. Harmless when repeated.

    Raises: audit.ReasonMissingError, audit.ReasonTooLongError.
    """
    return _decide(actor, units, ParkedUnit.State.NEW, "parked_unit.replayed", reason)


def route(*, actor: User | None, unit: ParkedUnit, route: PhoneRoute, reason: str) -> None:
    """Have a unit of a number that nobody has tried again as that of another one.

    For a number that goes on under another id. Raises: NotUnroutedError, OtherAppError,
    NotWaitingError, and what ``audit.stated`` does.
    """
    stated = audit.stated(reason)
    if unit.reason != ParkedUnit.Reason.UNROUTED:
        raise NotUnroutedError
    with context.platform(), transaction.atomic():
        delivery = WebhookDelivery.objects.only("app_id").get(pk=unit.delivery_id)
        if delivery.app_id != route.app_id:
            raise OtherAppError
        # Compare and set: the rival is another admin's click.
        parked = ParkedUnit.objects.filter(pk=unit.pk, state=ParkedUnit.State.PARKED)
        if not parked.update(routed_to=route.phone_number_id):
            raise NotWaitingError
        _move(actor, unit, ParkedUnit.State.NEW, "parked_unit.routed", stated, of=route.tenant)
        queue.nudge("conversations.tasks.process_deliveries")


def discard(*, actor: User | None, units: Iterable[ParkedUnit], reason: str) -> int:
    """Give parked units up; their deliveries go with the retention. Return how many were parked.

    Raises: audit.ReasonMissingError, audit.ReasonTooLongError.
    """
    return _decide(actor, units, ParkedUnit.State.DISCARDED, "parked_unit.discarded", reason)


def _decide(
    actor: User | None, units: Iterable[ParkedUnit], state: str, action: str, reason: str
) -> int:
    stated = audit.stated(reason)
    count = 0
    with context.platform():
        waiting = iter(list(units))
        while page := list(islice(waiting, PAGE)):
            with transaction.atomic():  # tens of thousands at once would hold their locks for long
                count += sum(_move(actor, unit, state, action, stated) for unit in page)
                if count and state == ParkedUnit.State.NEW:
                    queue.nudge("conversations.tasks.process_deliveries")
    return count


def _move(
    actor: User | None,
    unit: ParkedUnit,
    state: str,
    action: str,
    reason: str,
    *,
    of: Tenant | None = None,
) -> int:
    # Compare and set: the rival is another admin's click.
    parked = ParkedUnit.objects.filter(pk=unit.pk, state=ParkedUnit.State.PARKED)
    resolved_at = None if state == ParkedUnit.State.NEW else timezone.now()
    moved = parked.update(state=state, resolved_at=resolved_at)
    if moved:
        # Whoever asks again wants it tried again, also when it killed workers before.
        WebhookDelivery.objects.filter(pk=unit.delivery_id).update(attempts=0)
        audit.record(
            actor=actor, action=action, target=unit, tenant=of or unit.tenant, reason=reason
        )
    return moved


def park(claims: Session, parks: list[Park]) -> None:
    """Keep what could not be applied. The caller commits, together with the deliveries."""
    ordered = sorted(parks, key=lambda one: (one.delivery_id, one.unit_index, str(one.tenant_id)))
    columns = (
        arrays.numbers(one.delivery_id for one in ordered),
        arrays.numbers(one.unit_index for one in ordered),
        arrays.uuids(one.tenant_id for one in ordered),
        arrays.texts(one.reason for one in ordered),
        arrays.texts(one.field for one in ordered),
        arrays.texts(one.phone_number_id for one in ordered),
        arrays.texts(one.error for one in ordered),
    )
    claims.execute(_PARK, columns)


def wake_held(claims: Session, *, limit: int) -> int:
    """Set free what was held of tenants that are active again. Return how many."""
    return claims.execute(_WAKE_HELD, (limit,)).rowcount


def claim(claims: Session, work: Session, *, limit: int, skip: Collection[int] = ()) -> Batch:
    """Lock units that are to be tried again and their deliveries, as ``deliveries.claim`` does."""
    while True:
        claims.execute("BEGIN")
        rows = claims.execute(_CLAIM, (arrays.numbers(skip), limit)).fetchall()
        if not rows:
            claims.rollback()
            return Batch()
        if not deliveries.bury(claims, {row[1] for row in rows}):
            break
    rows = deliveries.suspect_alone(rows, attempts_at=5)
    held = deliveries.read(claims, {row[1] for row in rows})
    held_ids = [delivery.id for delivery in held]
    replays = [Replay(*row[:5]) for row in rows if row[1] in held_ids]
    return Batch(held, replays, note_id=deliveries.note(work, held_ids))


def redo(claims: Session, replays: list[Replay]) -> None:
    """Have whole deliveries read anew: a body has other units now than when one was parked."""
    claims.execute(_REDO, (sorted({one.delivery_id for one in replays}),))
    claims.execute(_DONE, ([one.id for one in replays],))


def lose(claims: Session, one: Replay) -> None:
    """Park a unit again whose number was this tenant's, and is no more."""
    claims.execute(_LOSE, (one.id,))


def resolve(claims: Session, one: Replay, fate: Fate) -> None:
    """Mark a unit as replayed, and count it by what became of it."""
    claims.execute(_DONE, ([one.id],))
    if fate in _MOVES:
        claims.execute(_MOVES[fate], (one.delivery_id, one.unit_index))
