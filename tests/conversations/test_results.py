"""Answers that come late, or to messages whose state is not ours any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import rules
from conversations.models import Message
from conversations.services import claims, results
from conversations.services.results import Result
from tenants import context
from tests.conversations.sending import conversation_with, message_in
from whatsapp import errors
from whatsapp.client import SentMessage


@pytest.fixture
def claim(phones, acme):
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=1)
        message_in(conversation_with("551198", phone=phones["acme"], opened_at=opened_at))
        (claim,) = claims.take(phone_id=phones["acme"].pk, limit=5).claims
        yield claim


def become(status):
    Message.objects.update(status=status, rank=rules.RANKS[status])


ACCEPTED = SentMessage("wamid.1", "551198", "", "")


@pytest.mark.parametrize("status", ["SENDING", "UNKNOWN", "UNCONFIRMED"])
def test_an_accepted_message_is_known_however_late_the_answer(claim, status):
    become(status)

    results.settle([Result(claim, ACCEPTED)])

    message = Message.objects.get()
    assert (message.status, message.wamid) == ("ACCEPTED", "wamid.1")


@pytest.mark.parametrize("status", ["SENT", "FAILED", "DELIVERED", "READ"])
def test_an_accepted_message_that_went_on_stays_there(claim, status):
    become(status)
    Message.objects.update(error_code=131026, error_detail="Meta's")

    results.settle([Result(claim, ACCEPTED)])

    message = Message.objects.get()
    assert (message.status, message.rank) == (status, rules.RANKS[status])
    assert (message.wamid, message.error_code) == ("wamid.1", 131026)


@pytest.mark.parametrize("status", ["UNKNOWN", "UNCONFIRMED", "ACCEPTED", "SENT", "READ"])
@pytest.mark.parametrize(
    "error",
    [
        errors.NotSentError("x"),
        errors.RefusedError("x", code=131026),
        errors.MaybeSentError("x"),
        errors.TokenError("x", code=190),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_moves_only_what_is_still_being_sent(claim, status, error):
    become(status)

    results.settle([Result(claim, error)])

    message = Message.objects.get()
    assert (message.status, message.rank) == (status, rules.RANKS[status])
    assert (message.attempts, message.error_code) == (1, None)


def test_an_error_of_an_earlier_attempt_moves_nothing(claim):
    Message.objects.update(attempts=2)

    results.settle([Result(claim, errors.RefusedError("x", code=131026))])

    assert Message.objects.get().status == "SENDING"


def test_how_long_the_number_rests(claim):
    limited = errors.NotSentError("x", code=130429, retry_after_seconds=40)
    pair = errors.NotSentError("x", code=131056, retry_after_seconds=40)

    assert results.settle([Result(claim, pair)]) == 0
    Message.objects.update(status="SENDING")
    assert 40 <= results.settle([Result(claim, limited)]) <= 50
    assert results.settle([Result(claim, ACCEPTED)]) == 0
