import pytest

from conversations import rules
from conversations.models import Message


def test_every_outgoing_status_has_a_tick():
    outgoing = set(Message.Status.values) - {"RECEIVED"}

    assert set(rules.TICKS) == outgoing
    assert set(rules.RANKS) == {*outgoing, "RECEIVED"}


def test_what_came_in_has_no_tick():
    assert Message(status="RECEIVED", direction="INBOUND").tick == ""


@pytest.mark.parametrize(
    ("status", "tick"),
    [("ACCEPTED", "clock"), ("SENT", "sent"), ("UNKNOWN", "unknown"), ("PLAYED", "read")],
)
def test_tick(status, tick):
    assert Message(status=status, direction="OUTBOUND").tick == tick


def test_a_failed_message_says_what_happened_whose_matter_it_is_and_what_to_do():
    message = Message(status="FAILED", direction="OUTBOUND", error_code=131047, error_detail="Meta")

    assert message.failure.code == 131047
    assert message.failure.whose == "CUSTOMER"
    assert message.failure.detail == "Meta"
    assert "template" in message.failure.action
    assert not message.may_send_again


def test_an_unlisted_code_is_explained_too():
    message = Message(status="FAILED", direction="OUTBOUND", error_code=987654321)

    assert message.failure.code == 987654321
    assert message.failure.title and message.failure.action
    assert message.may_send_again


def test_an_unconfirmed_message_may_be_sent_again():
    message = Message(status="UNCONFIRMED", direction="OUTBOUND")

    assert message.is_uncertain
    assert message.failure.code is None
    assert message.may_send_again


@pytest.mark.parametrize("status", ["PENDING", "SENDING", "UNKNOWN", "READ", "RECEIVED"])
def test_what_is_on_its_way_or_there_is_not_sent_again(status):
    message = Message(status=status, direction="OUTBOUND", error_code=131047)

    assert message.failure is None
    assert not message.may_send_again
