"""What Meta has not sent yet: known bodies bent in every way. Nothing raises, nothing is lost."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models import Min
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import rules
from conversations.models import (
    ConsentEvent,
    Contact,
    ContactIdentity,
    Conversation,
    IdentityMove,
    Mark,
    Message,
    StatusEvent,
)
from conversations.services import consent_notes, inbound, orphans
from conversations.services.statuses import MOVING
from tenants import context
from tenants.feed.models import Change, Counter
from tests import library
from tests.api import api_of
from tests.conversations.events import NOON, body, change, deliver, status, unaccounted
from tests.flows import outcomes
from whatsapp import payloads
from whatsapp.models import AccountEvent, MediaFile, Phone
from whatsapp.payloads import InboundMessage, MessageMark, StatusUpdate, Unreadable
from whatsapp.webhooks.models import DeliveryClaim, ParkedUnit, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)

DOCUMENTS = {
    name: json.loads(library.body_of(name))
    for name in sorted(library.CASES)
    if (library.FOLDER / f"{name}.json").exists()
}
JUNK = [None, True, 0, -1, 10**30, 1.5, "", "x", "\x00\ud83d", "9" * 400, [], {}, [None], [[]]]
JUNK += [{"id": 1}, {"body": {}}, [{"type": "hologram"}], "2026-11-10", "wamid.asked", "stop"]
TYPES = ["hologram", "TEXT", "text", "image", "system", "unsupported", "reaction", "edit", ""]
# How parts are named that have the shape of nothing, or are for nobody.
PARKED = {"NoRoute", "NoPhoneNumberId", "NoEntries", "EntryShape", "ChangesShape", "ChangeShape"}
PARKED |= {"MessageShape", "MessageId", "StatusShape", "StatusId"}
TENANT_MODELS = (
    *(StatusEvent, Mark, ConsentEvent, Message, MediaFile, Conversation, ContactIdentity),
    *(IdentityMove, Contact, AccountEvent, Change, Counter),
)
SETTINGS = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def bent(document: Any, chance: random.Random) -> Any:
    """Return a copy with some parts gone, replaced, renamed, repeated or in another order."""
    copy = json.loads(json.dumps(document))
    for _ in range(chance.randint(0, 4)):
        places = list(_places(copy))
        if not places:
            break
        holder, key = chance.choice(places)
        chance.choice([_drop, _replace, _replace, _rename, _repeat, _shuffle])(holder, key, chance)
    return copy


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield everything in a document that can be bent, but the document itself."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _drop(holder: Any, key: Any, chance: random.Random) -> None:
    del holder[key]


def _replace(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = chance.choice(TYPES) if key == "type" else chance.choice(JUNK)


def _rename(holder: Any, key: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder[chance.choice(["new_field", *TYPES])] = holder.pop(key)


def _repeat(holder: Any, key: Any, chance: random.Random) -> None:
    if isinstance(holder[key], list):
        holder[key] = holder[key] * 2


def _shuffle(holder: Any, key: Any, chance: random.Random) -> None:
    if isinstance(holder[key], list):
        chance.shuffle(holder[key])


@pytest.fixture
def start(acme, phones) -> Callable[[], None]:
    """Begin an example: nothing is there but a message that we have sent."""

    def start() -> None:
        with context.platform():
            for model in (ParkedUnit, WebhookDelivery, DeliveryClaim):
                model.objects.all().delete()
        with context.tenant(acme.schema_name):
            for model in (Conversation, Contact):
                model.objects.exclude(merged_into=None).delete()
            for model in TENANT_MODELS:
                model.objects.all().delete()
            outcomes.send_ours(Phone.objects.get())

    return start


@SETTINGS
@given(
    names=st.lists(st.sampled_from(sorted(DOCUMENTS)), min_size=1, max_size=8),
    chance=st.randoms(use_true_random=False),
)
def test_whatever_comes_is_kept_and_can_be_looked_at(
    start, acme, meta_app, page, people, names, chance
):
    start()
    bodies = [json.dumps(bent(DOCUMENTS[name], chance)).encode() for name in names]

    deliveries = deliver(meta_app, *bodies)
    inbound.process_deliveries()

    assert unaccounted() == 0
    with context.platform():
        errors = set(ParkedUnit.objects.values_list("error", flat=True))
    assert errors <= PARKED
    with context.tenant(acme.schema_name):
        consent_notes.note_failures()
        orphans.match()
        for delivery in deliveries:
            _check_kept(bytes(delivery.body), delivery.received_at)
        threads = list(Conversation.objects.filter(merged_into=None).values_list("pk", flat=True))
    _look_at(threads, acme, page("ana@acme.test"), api_of(people["ana@acme.test"]))


def _check_kept(raw: bytes, received_at: Any) -> None:
    """Find every unit for our number again, whole, in the current tenant."""
    number = Phone.objects.get().phone_number_id
    for unit in payloads.parse(raw, received_at=received_at):
        if isinstance(unit, Unreadable) or unit.phone_number_id != number:
            continue
        match unit:
            case InboundMessage():
                assert Message.objects.filter(wamid=unit.wamid).exists()
            case MessageMark():
                assert Mark.objects.filter(wamid=unit.wamid).exists()
            case StatusUpdate():
                kept = StatusEvent.objects.filter(wamid=unit.wamid, status=unit.status)
                assert kept.filter(provider_at=unit.timestamp).exists()
            case payloads.AccountEvent():
                assert AccountEvent.objects.filter(field=unit.field, value=unit.value).exists()


def _look_at(threads: list[int], acme: Any, browser: Any, api: Any) -> None:
    assert browser.get("/inbox/").status_code == 200
    for pk in threads:
        assert browser.get(f"/inbox/{pk}/").status_code == 200
        answer = api.get(f"/api/v1/tenant/{acme.pk}/conversations/{pk}/messages")
        assert answer.status_code == 200


words = st.sampled_from(["sent", "delivered", "read", "played", "failed", "deleted", "warning"])
optional = st.fixed_dictionaries(
    {},
    optional={
        "errors": st.sampled_from([None, [], "x", [{}], [{"code": 131026}], [None], {"code": 1}]),
        "pricing": st.sampled_from([None, {}, "PMP", {"category": 5}, {"category": "utility"}]),
        "conversation": st.sampled_from([None, [], {"id": "x", "origin": {"type": "service"}}]),
        "recipient_user_id": st.sampled_from(["US.1", 5, None, {}]),
        "biz_opaque_callback_data": st.sampled_from(["", "v1.1.0000000000000000", None, []]),
        "type": st.sampled_from(["message", "call", None]),
    },
)


@SETTINGS
@given(
    reports=st.lists(st.tuples(words, st.integers(0, 9), optional), min_size=1, max_size=12),
    chance=st.randoms(use_true_random=False),
)
def test_statuses_in_any_order_raise_a_message_as_far_as_they_say(
    start, acme, meta_app, reports, chance
):
    start()
    events = [status(library.OURS, word, at=NOON + at, **more) for word, at, more in reports]
    events += [one for one in events if chance.random() < 0.3]
    chance.shuffle(events)
    while events:
        size = chance.randint(1, 4)
        deliver(meta_app, body(change(statuses=events[:size])))
        del events[:size]
        inbound.process_deliveries()

    assert unaccounted() == 0
    said = {word.upper() for word, _at, _more in reports} & set(MOVING)
    with context.tenant(acme.schema_name):
        message = Message.objects.get()
        kept = StatusEvent.objects.filter(message=message)
        assert set(kept.values_list("status", flat=True)) == {one.upper() for one, *_ in reports}
        for word in said:
            first = kept.filter(status=word).aggregate(at=Min("provider_at"))["at"]
            assert getattr(message, f"{word.lower()}_at") == first
    assert message.status == max(said | {"ACCEPTED"}, key=rules.RANKS.__getitem__)
