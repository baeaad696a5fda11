"""Write down how calls to Meta ended, many at once."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from conversations import rules
from conversations.services import block_rows, learning, outbox, statuses
from conversations.services.heads import Claim
from conversations.services.outbox import Move
from tenants import queue
from whatsapp import errors
from whatsapp.client import SentMessage
from whatsapp.errors import CloudApiError
from whatsapp.payloads import Sender
from whatsapp.services import health, pace, upload_rows

# How long an unknown end may wait for a status before anybody asks (see reconciling).
CONFIRM_SECONDS = 90.0
# The customer is blocked on this number, whoever did it.
_BLOCKED = 130403
# This customer got more in a short time than Meta allows.
_PAIR_LIMIT = 131056
# What Meta may say of a file's id that it does not know any more.
_FILE_UNKNOWN = {100, 131009, 131053}
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Result:
    """How one call ended: with an accepted message, or with an error."""

    claim: Claim
    end: SentMessage | CloudApiError


def settle(results: Sequence[Result]) -> float:
    """Write the results of one number's calls; return for how many seconds it had better rest.

    One transaction. What a status webhook said meanwhile is kept, and statuses that waited for a
    wamid are applied. A message whose state is not ours any more is left alone.
    """
    try:
        rest_seconds = _settle(results)
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        rest_seconds = _settle(results)  # the rival is through by now
    ends = [(result.claim.message_id, result.end) for result in results]
    learning.learn({pk: _named(end) for pk, end in ends if isinstance(end, SentMessage)})
    block_rows.learn(message_ids=[pk for pk, end in ends if _is_apart(end)])
    _slow_pairs_down(results)
    return rest_seconds


@transaction.atomic(durable=True)
def _settle(results: Sequence[Result]) -> float:
    phone_id = results[0].claim.sender.phone_id
    accepted = {
        result.claim.message_id: result.end.wamid
        for result in results
        if isinstance(result.end, SentMessage)
    }
    renewed = _renewed(results)
    with connection.cursor() as cursor:
        outbox.lock(cursor, [result.claim.message_id for result in results])
        drafts = outbox.accept(cursor, phone_id, accepted)
        drafts += statuses.apply_waiting(cursor, accepted)
        dead = _dead_tokens(results)
        moves = [move for result in results if (move := _move(result, dead, renewed))]
        drafts += outbox.move(cursor, moves)
        if dead:
            drafts += outbox.hold(cursor, phone_id)
        elif accepted and not results[-1].claim.sender.is_proven:
            health.answered(phone_id=phone_id, sealed=results[-1].claim.sender.sealed)
        pace.fed_back(phone_id=phone_id, waits=_waits(results, moves))
        outbox.publish(drafts)
    return _rest_seconds(results, moves)


def _renewed(results: Sequence[Result]) -> set[upload_rows.Way]:
    """Renew what Meta no longer has of the files that were sent; note what it did take."""
    sent = [(one, way) for one in results if (way := _way(one.claim))]
    upload_rows.proved(ways=[way for one, way in sent if isinstance(one.end, SentMessage)])
    unknown = {
        way: one.claim.media_id
        for one, way in sent
        if isinstance(one.end, errors.RefusedError) and one.end.code in _FILE_UNKNOWN
    }
    renewed = upload_rows.renew(used=unknown, now=timezone.now()) if unknown else set()
    if renewed:
        queue.enqueue("conversations.tasks.upload_media")
    return renewed


def _way(claim: Claim) -> upload_rows.Way | None:
    return None if claim.file_id is None else (claim.file_id, claim.sender.phone_id)


def _is_apart(end: SentMessage | CloudApiError) -> bool:
    return isinstance(end, errors.RefusedError) and end.code == _BLOCKED


def _named(sent: SentMessage) -> Sender:
    return Sender(sent.wa_id.removeprefix("+"), sent.user_id, "", "")


def _dead_tokens(results: Sequence[Result]) -> set[str]:
    """Mark the number if Meta refused its present token; return the tokens that are dead."""
    refused = {
        one.claim.sender.sealed: one.claim.sender
        for one in results
        if isinstance(one.end, errors.TokenError)
    }
    return {
        sealed
        for sealed, sender in refused.items()
        if health.token_refused(tenant=sender.tenant, phone_id=sender.phone_id, sealed=sealed)
    }


def _move(result: Result, dead: set[str], renewed: set[upload_rows.Way]) -> Move | None:
    claim, end = result.claim, result.end
    if isinstance(end, SentMessage):
        return None
    status, seconds, unburnt = _next(result, end, dead)
    if status == "FAILED" and _way(claim) in renewed and end.code in _FILE_UNKNOWN:
        status, seconds, unburnt = "PENDING", 0.0, 1
    return Move(
        claim.message_id,
        claim.attempt,
        status,
        seconds=seconds,
        unburnt=unburnt,
        code=end.code,
        detail=end.detail,
    )


def _next(result: Result, end: CloudApiError, dead: set[str]) -> tuple[str, float | None, int]:
    """Return an error's next state, the seconds until it is due, and the tries not counted."""
    if isinstance(end, errors.NotSentError):
        return "PENDING", _delay_seconds(end, result.claim.attempt), 0
    if isinstance(end, errors.TokenError):
        # With a newer token at hand the message goes on at once.
        return ("HELD", None, 1) if result.claim.sender.sealed in dead else ("PENDING", 0.0, 1)
    if isinstance(end, errors.RefusedError):
        return "FAILED", None, 0
    return "UNKNOWN", CONFIRM_SECONDS, 0


def _delay_seconds(end: errors.NotSentError, attempt: int) -> float:
    wait = end.wait
    return rules.backoff_seconds(
        first=wait.first,
        most=wait.most,
        factor=wait.factor,
        attempt=attempt,
        at_least=end.retry_after_seconds or 0.0,
        chance=_random.random(),
    )


def _waits(results: Sequence[Result], moves: Sequence[Move]) -> dict[int, float]:
    """Return what Meta refused for now, by code, with the longest wait that it asks for."""
    seconds = {move.message_id: move.seconds or 0.0 for move in moves}
    waits: dict[int, float] = {}
    for one in results:
        if isinstance(one.end, errors.NotSentError | errors.RefusedError) and one.end.code:
            wait = seconds.get(one.claim.message_id, 0.0)
            waits[one.end.code] = max(waits.get(one.end.code, 0.0), wait)
    return waits


def _slow_pairs_down(results: Sequence[Result]) -> None:
    for one in results:
        if isinstance(one.end, errors.NotSentError) and one.end.code == _PAIR_LIMIT:
            wait = _delay_seconds(one.end, one.claim.attempt)
            pace.pair_refused(conversation_id=one.claim.conversation_id, seconds=wait)


def _rest_seconds(results: Sequence[Result], moves: Sequence[Move]) -> float:
    """Return when the first try makes sense, if the whole number was told to wait."""
    everybody = {
        result.claim.message_id
        for result in results
        if isinstance(result.end, errors.NotSentError) and not result.end.wait.pair
    }
    waits = [move.seconds or 0.0 for move in moves if move.message_id in everybody]
    return min(waits, default=0.0)
