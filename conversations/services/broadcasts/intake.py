"""Make the rows of a broadcast out of its list: each checked before anything leaves.

A task reads the list, saying now and then how far it is; all rows come with one transaction. Killed
anywhere, it is begun again by whoever finds that nobody reads it any more; a list that nobody
survives is given up.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations import blocked, broadcasts, rules, types
from conversations.models import (
    Broadcast,
    BroadcastRecipient,
    BroadcastSource,
)
from conversations.services import addressing, template_sending
from conversations.services.addressing import NumberInvalidError
from conversations.services.broadcasts import arranging, control, entries, progress
from conversations.services.broadcasts.choosing import TooManyChosenError
from conversations.services.broadcasts.entries import BSUID, Entry
from conversations.services.broadcasts.reading import ListUnreadableError
from tenants import context, queue, stopping, support
from tenants.crashing import crash_point
from tenants.errors import DomainError
from tenants.models import Tenant
from tenants.permissions import Actor, key_actor
from whatsapp import rendering
from whatsapp.models import MessageTemplate
from whatsapp.rendering import Problem, ValuesError

Status = Broadcast.Status
State, Reason = BroadcastRecipient.State, BroadcastRecipient.Reason

# Whoever reads says so this often; who was silent for so long is taken for dead.
TELL_ROWS, LEASE = 1000, timedelta(seconds=60)
# A list that so many readers died of would end the next one too.
ATTEMPTS = 3
_GIVEN_UP = gettext_noop(
    "The list could not be read, though it was tried three times. Try again, or with a shorter one."
)
_FILES_APART = gettext_noop(
    "A file of yours is the same for all; for files of their own give links that begin with https://."
)
ADDRESS_MAX_CHARACTERS = 150

_COPY = """
    COPY conversations_broadcastrecipient
        (broadcast_id, position, address, kind, value, match_key, "values", state, reason, problem,
        first_position)
    FROM STDIN
"""
_LEAVE_OUT = """
    UPDATE conversations_broadcastrecipient AS recipient SET state = 'SKIPPED', reason = %s
    FROM conversations_contactidentity AS identity
    WHERE recipient.broadcast_id = %s AND recipient.state = 'READY'
        AND identity.kind = recipient.kind AND identity.match_key = recipient.match_key
        AND {who}
"""
_OPTED_OUT = _LEAVE_OUT.format(
    who="""EXISTS (SELECT FROM conversations_contact AS contact
        WHERE contact.id = identity.contact_id AND contact.marketing_opted_out_at IS NOT NULL)"""
)
_BLOCKED = _LEAVE_OUT.format(
    who="""EXISTS (SELECT FROM conversations_block AS block
        WHERE block.contact_id = identity.contact_id AND block.phone_id = %s
            AND block.state = ANY (%s))"""
)


def prepare(*, broadcast_id: int) -> None:
    """Read a list that nobody reads, and leave a draft: with its rows, or with what is wrong.

    Safe to repeat, to run side by side and to kill at any point; a draft discarded meanwhile ends
    it.
    """
    broadcast = _claimed(broadcast_id)
    if broadcast is None:
        return
    crash_point("broadcast.claimed")
    if broadcast.list_attempts > ATTEMPTS:
        _end(broadcast, problem=_(_GIVEN_UP))
        return
    try:
        rows = list(_read(broadcast))
    except (ListUnreadableError, TooManyChosenError) as refusal:
        _end(broadcast, problem=str(refusal))
    except _StoppedError:
        back = {"lease_until": None, "list_attempts": F("list_attempts") - 1}
        Broadcast.objects.filter(pk=broadcast_id, status=Status.PREPARING).update(**back)
    except _GoneError:
        return
    else:
        crash_point("broadcast.read")
        _write(broadcast, rows)
        crash_point("broadcast.written")


def sweep(*, alone: bool) -> None:
    """Nudge whoever reads lists, if nobody reads one; ``alone``: read it here."""
    left = _unread(timezone.now())
    for broadcast_id in left.order_by("pk").values_list("pk", flat=True):
        if alone:
            prepare(broadcast_id=broadcast_id)
        else:
            queue.enqueue(arranging.TASK, broadcast_id=broadcast_id)


def _claimed(broadcast_id: int) -> Broadcast | None:
    now = timezone.now()
    claim = {"lease_until": now + LEASE, "total": 0, "list_attempts": F("list_attempts") + 1}
    if not _unread(now).filter(pk=broadcast_id).update(**claim):
        return None
    rows = Broadcast.objects.select_related("phone", "template", "author", "api_key")
    return rows.filter(pk=broadcast_id).first()


def _unread(now: datetime) -> QuerySet[Broadcast]:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return Broadcast.objects.filter(free, status=Status.PREPARING)


class _StoppedError(Exception):
    """The process ends: somebody else begins again."""


class _GoneError(Exception):
    """Somebody discarded it, or read it first."""


class _Checker:
    """Says of one entry after the other whether it can be sent."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast_id = broadcast.pk
        self._region = addressing.region_of(broadcast.phone)
        self._template = broadcast.template
        self._definition = broadcast.template.definition
        self._media = str(broadcast.media_id or "")
        self._seen: dict[tuple[str, str], int] = {}  # where each came first

    def row(self, entry: Entry) -> tuple[Any, ...]:
        """Return the columns of a row, as they are copied."""
        value, key = self._name(entry)
        reason, problem = self._refusal(entry, key)
        if not reason:
            self._seen[entry.kind, key] = entry.position
        is_twice = reason == Reason.DUPLICATE
        return (
            self._broadcast_id,
            entry.position,
            entry.address[:ADDRESS_MAX_CHARACTERS],
            entry.kind,
            value,
            key,
            json.dumps(dict(entry.values)),
            State.SKIPPED.value if reason else State.READY.value,
            reason,
            json.dumps(problem) if problem else None,
            self._seen[entry.kind, key] if is_twice else None,
        )

    def _name(self, entry: Entry) -> tuple[str, str]:
        if entry.kind == BSUID:
            return entry.address, entry.address
        try:
            value = addressing.wa_id_of(entry.address, self._region)
        except NumberInvalidError:
            return "", ""
        return value, rules.match_key(value)

    def _refusal(self, entry: Entry, key: str) -> tuple[str, dict[str, Any] | None]:
        if entry.is_misaligned:
            return Reason.MISALIGNED.value, None
        if not key:
            return Reason.INVALID_NUMBER.value, None
        if (entry.kind, key) in self._seen:
            return Reason.DUPLICATE.value, None
        given = entry.values.get(template_sending.HEADER_FILE, "")
        if given != self._media and template_sending.names_file(self._template, given):
            problem = Problem((template_sending.HEADER_FILE,), "invalid", _FILES_APART)
            return Reason.INVALID_VALUE.value, types.problem_kept([problem])
        try:
            rendering.render(self._definition, entry.values)
        except ValuesError as error:
            return Reason.INVALID_VALUE.value, types.problem_kept(error.problems)
        return "", None


def _read(broadcast: Broadcast) -> Iterator[tuple[Any, ...]]:
    source = BroadcastSource.objects.filter(broadcast=broadcast).first()
    if source is None:
        raise _GoneError
    checker = _Checker(broadcast)
    found = entries.entries(broadcast, source, now=timezone.now())
    for count, entry in enumerate(found, start=1):
        yield checker.row(entry)
        if count % TELL_ROWS == 0:
            if stopping.asked():
                raise _StoppedError
            mine = Broadcast.objects.filter(pk=broadcast.pk, status=Status.PREPARING)
            if not mine.update(total=count, lease_until=timezone.now() + LEASE):
                raise _GoneError
            crash_point("broadcast.reading")


def _write(broadcast: Broadcast, rows: list[tuple[Any, ...]]) -> None:
    starter = _starter(broadcast) if broadcast.starts_when_ready else None
    with transaction.atomic():
        found = _still_mine(broadcast)
        if found is None:
            return
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
        with connection.cursor() as cursor:
            if broadcast.template.category == MessageTemplate.Category.MARKETING:
                cursor.execute(_OPTED_OUT, (Reason.OPTED_OUT, found.pk))
            apart = [state.value for state in blocked.APART]
            cursor.execute(_BLOCKED, (Reason.BLOCKED, found.pk, found.phone_id, apart))
        crash_point("broadcast.mid_write")
        BroadcastSource.objects.filter(broadcast=found).delete()
        found.total = len(rows)
        found.counts = broadcasts.tally(found).counts
        _be_draft(found, starter)


def _end(broadcast: Broadcast, *, problem: str) -> None:
    with transaction.atomic():
        found = _still_mine(broadcast)
        if found is not None:
            found.problem, found.total = problem[:500], 0
            _be_draft(found, None)


def _still_mine(broadcast: Broadcast) -> Broadcast | None:
    # Rivals: another one that reads it, whose lease this one outlived; and whoever discards it.
    preparing = Broadcast.objects.filter(pk=broadcast.pk, status=Status.PREPARING)
    return preparing.select_for_update(of=("self",)).first()


def _be_draft(found: Broadcast, starter: Actor | None) -> None:
    """Leave the draft, started if somebody wants that; what forbids it stands on it."""
    now = timezone.now()
    found.status, found.lease_until, found.list_attempts = Status.DRAFT, None, 0
    if starter is not None:
        found.save()
        try:
            control.start(actor=starter, broadcast=found, now=now)
        except DomainError as refusal:
            found.problem = str(refusal)[:500]
        else:
            return
    progress.save(found, now=now)


def _starter(broadcast: Broadcast) -> Actor | None:
    """Return whoever made it, as what they are by now; None if they have gone."""
    schema = context.current_schema()
    with context.platform():
        tenant = Tenant.objects.filter(schema_name=schema).first()
    key = broadcast.api_key
    if key is not None:
        return key_actor(key) if key.revoked_at is None else None
    author = broadcast.author
    if author is None or tenant is None:
        return None
    return support.acting(user=author, tenant=tenant, now=timezone.now())
