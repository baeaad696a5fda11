"""Broadcasts as an actor may see them, and what became of their rows."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from conversations.models import (
    Broadcast,
    BroadcastRecipient,
    BroadcastSource,
    Message,
)
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission

# A message whose end may still change its broadcast's.
OPEN = (
    Message.Status.PENDING,
    Message.Status.HELD,
    Message.Status.SENDING,
    Message.Status.UNKNOWN,
)
# 130472 and 131049: Meta chose not to deliver it; 131050: the customer wants none. None of these
# says that the list or the template is bad.
NO_FAULT = (130472, 131049, 131050)
# WhatsApp holds the number back, or it wrote to too many people: there is no code for that alone.
HELD_BACK = 131048
_ADVICE: dict[str, Any] = {
    Broadcast.PauseReason.FAILURES: _(
        "Look at the failed rows: their reasons say what to mend. Resume when it is mended."
    ),
    Broadcast.PauseReason.QUALITY: _(
        "People block or report what they get. Ask yourself whether this list wants it, and wait"
        " until the grade is better before you resume."
    ),
    Broadcast.PauseReason.TEMPLATE: _(
        "See how the template stands with WhatsApp. Resume once it is approved again."
    ),
    Broadcast.PauseReason.AUTHOR: _("Whoever resumes it sends the rest in their own name."),
}
_OF_A_ROW = (
    "position",
    "address",
    "first_position",
    "state",
    "reason",
    "problem",
    "message__status",
    "message__error_code",
    "message__error_detail",
)
_TALLY = """
    SELECT COALESCE(message.status, recipient.state), count(*),
        count(*) FILTER (WHERE message.created_at >= %(since)s),
        count(*) FILTER (WHERE message.created_at >= %(since)s
            AND COALESCE(message.error_code, 0) <> ALL (%(no_fault)s::int[])),
        max(message.failed_at) FILTER (
            WHERE message.error_code = %(spam)s AND message.status = 'FAILED')
    FROM conversations_broadcastrecipient AS recipient
    LEFT JOIN conversations_message AS message
        ON message.id = recipient.message_id AND recipient.state = 'QUEUED'
    WHERE recipient.broadcast_id = %(broadcast)s
    GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """A broadcast's rows by state, handed over ones by their message's."""

    counts: dict[str, int]
    ended: int  # since it was last started or resumed: messages whose end is known
    failed: int  # of these, what speaks against the list or the template
    held_at: datetime | None = None  # when WhatsApp last refused one to hold the number back

    @property
    def is_open(self) -> bool:
        """Whether anybody is still to be written to, or an end not known."""
        return any(self.counts.get(state) for state in (BroadcastRecipient.State.READY, *OPEN))


def listed(actor: Actor) -> QuerySet[Broadcast]:
    """Return all broadcasts, the newest first. Raises: ForbiddenError."""
    actor.require(Permission.READ_BROADCASTS)
    return Broadcast.objects.select_related("phone", "template", "author", "api_key").order_by(
        "-pk"
    )


def broadcast_for(actor: Actor, pk: int) -> Broadcast:
    """Return one broadcast. Raises: ForbiddenError, NotFoundError."""
    try:
        return listed(actor).get(pk=pk)
    except Broadcast.DoesNotExist:
        raise NotFoundError from None


def recipients(
    broadcast: Broadcast, *, states: tuple[str, ...] = (), reason: str = ""
) -> QuerySet[BroadcastRecipient]:
    """Return the rows of a list in their order; ``states`` are rows' or messages' own."""
    rows = broadcast.recipients.select_related("message").order_by("position")
    if states:
        queued = Q(state=BroadcastRecipient.State.QUEUED, message__status__in=states)
        rows = rows.filter(queued | Q(state__in=states))
    return rows.filter(reason=reason) if reason else rows


def tally(broadcast: Broadcast) -> Tally:
    """Count a broadcast's rows. One query; 100,000 rows take about a tenth of a second."""
    params = {
        "broadcast": broadcast.pk,
        "since": broadcast.judged_at,
        "no_fault": list(NO_FAULT),
        "spam": HELD_BACK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, params)
        rows = cursor.fetchall()
    return Tally(
        {state: count for state, count, *_rest in rows},
        sum(since for state, _count, since, *_rest in rows if state not in OPEN),
        sum(faults for state, _, _, faults, _ in rows if state == Message.Status.FAILED),
        max((held_at for *_rest, held_at in rows if held_at is not None), default=None),
    )


def reasons(broadcast_id: int) -> dict[str, int]:
    """Count the rows that were left out, by reason, most first. One query."""
    left_out = BroadcastRecipient.objects.filter(
        broadcast=broadcast_id, state=BroadcastRecipient.State.SKIPPED
    )
    rows = left_out.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return dict(rows)


def needs_columns(broadcast: Broadcast) -> bool:
    """Tell whether its list is there and somebody has to say which column fills what."""
    if broadcast.status != Broadcast.Status.DRAFT:
        return False
    sources = BroadcastSource.objects.filter(broadcast=broadcast)
    return sources.exclude(kind=BroadcastSource.Kind.LIST).exists()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a broadcast is, as it was last counted."""

    wanted: int  # rows that somebody is written to for
    ended: int
    failed: int
    states: tuple[tuple[str, str, int], ...]  # state, its label, rows; in the order of a life

    @property
    def percent(self) -> int:
        """The share that is over; a hundred only when all of it is."""
        return self.ended * 100 // self.wanted if self.wanted else 0


def progress(broadcast: Broadcast) -> Progress:
    """Return a broadcast's bar and counts. No query."""
    counts = broadcast.counts
    labels = {**dict(BroadcastRecipient.State.choices), **dict(Message.Status.choices)}
    states = tuple(
        (state, str(labels[state]), counts[state]) for state in labels if counts.get(state)
    )
    skipped = counts.get(BroadcastRecipient.State.SKIPPED, 0)
    wanted = sum(counts.values()) - skipped
    waiting = sum(counts.get(state, 0) for state in (BroadcastRecipient.State.READY, *OPEN))
    return Progress(wanted, wanted - waiting, counts.get(Message.Status.FAILED, 0), states)


@dataclass(frozen=True, slots=True)
class Told:
    """A row and what became of it, in the reader's language."""

    row: BroadcastRecipient
    state: str
    label: str
    why: str  # empty where nothing went wrong
    action: str  # what to do about it
    conversation_id: int | None


def told(row: BroadcastRecipient) -> Told:
    """Say what became of a row read with its message. No query."""
    message = row.message if row.state == BroadcastRecipient.State.QUEUED else None
    if message is None:
        before = row.message.conversation_id if row.message else None
        label = str(row.get_state_display())
        return Told(row, row.state, label, row.why_left_out, "", before)
    failure = message.failure
    why = " ".join(filter(None, (failure.title, failure.detail))) if failure else ""
    action = failure.action if failure else ""
    label = message.status_label
    return Told(row, message.status, label, why, action, message.conversation_id)


def reasons_told(broadcast: Broadcast) -> list[tuple[str, str, int]]:
    """Return why rows were left out: code, sentence and count, most first. One query."""
    labels = dict(BroadcastRecipient.Reason.choices)
    return [(code, str(labels[code]), count) for code, count in reasons(broadcast.pk).items()]


def advice(broadcast: Broadcast) -> str:
    """Say what to do about one that was paused by itself; empty for the others. No query."""
    return str(_ADVICE.get(broadcast.pause_reason, ""))


def as_csv(broadcast: Broadcast, *, states: tuple[str, ...] = (), reason: str = "") -> bytes:
    """Write rows as a file that spreadsheets open, and in which no cell is a formula.

    A hundred thousand rows take less than a second and some tens of megabytes.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["row", "number", "state", "reason", "what to do"])
    listed = recipients(broadcast, states=states, reason=reason).values_list(*_OF_A_ROW)
    words: dict[str, list[str]] = {}  # most rows say the same
    for position, address, first, *rest in listed.iterator(chunk_size=2000):
        key = repr(rest)
        if key not in words:
            words[key] = [_safe(cell) for cell in _words(*rest)]
        label, why, action = words[key]
        if first is not None:
            why = f"{why} {BroadcastRecipient(first_position=first).who_came_first}"
        writer.writerow([position, _safe(address), label, why, action])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _words(
    state: str, reason: str, problem: Any, status: str | None, code: int | None, detail: str | None
) -> tuple[str, str, str]:
    message = status and Message(status=status, error_code=code, error_detail=detail or "")
    row = BroadcastRecipient(state=state, reason=reason, problem=problem, message=message or None)
    one = told(row)
    return one.label, one.why, one.action


def _safe(cell: str) -> str:
    # Source: owasp.org/www-community/attacks/CSV_Injection. A number with its plus sign stays one.
    if cell[:1] == "+" and cell[1:].replace(" ", "").isdecimal():
        return cell
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
