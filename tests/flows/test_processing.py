"""Any order, any repetition and any batching of the same events gives the same rows."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import selectors
from conversations.models import (
    Contact,
    Conversation,
    IdentityMove,
    Mark,
    Message,
    StatusEvent,
)
from conversations.services import inbound, orphans, statuses
from tenants import context
from tenants.feed.models import Change, Counter
from tests.conversations.events import (
    NOON,
    body,
    change,
    contact,
    deliver,
    status,
    text,
    unaccounted,
)
from tests.conversations.sending import conversation_with, message_in
from whatsapp.models import AccountEvent, Phone
from whatsapp.webhooks.models import DeliveryClaim, ParkedUnit, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)

TENANTS = ("acme", "globex")
# Each with the names under which they write. Of dora nobody knows that she is one person before
# she comes with both names.
PEOPLE = {
    "ana": [("5511988887777", ""), ("551188887777", "")],
    "bia": [("5511977776666", ""), ("5511977776666", "BR.B1a")],
    "caio": [("", "BR.Ca10"), ("5511966665555", "BR.Ca10")],
    "dora": [("5511955554444", ""), ("", "BR.Do1"), ("5511955554444", "BR.Do1")],
    # Another number and user id since a moment.
    "eva": [("5511944443333", ""), ("", "BR.Ev1"), ("5511944443333", "BR.Ev1")],
    "eva, later": [("5511933332222", ""), ("", "BR.Ev2"), ("5511933332222", "BR.Ev2")],
}
MOVED_AT = 20
WORDS = ("sent", "delivered", "read", "failed", "warning")

tenants = st.sampled_from(TENANTS)
seconds = st.integers(0, 40)
messages = st.tuples(
    st.just("message"),
    tenants,
    st.sampled_from(["ana", "bia", "caio", "dora", "eva"]),
    st.integers(0, 2),  # which of their names
    seconds,
    st.sampled_from(["text", "image"]),
    st.sampled_from(["", "Name", "Other name"]),
)
# What is done to a message: to which of those that come, what, when, and in whose app.
marks = st.tuples(
    st.just("mark"),
    tenants,
    st.integers(0, 8),
    st.sampled_from(["\U0001f44d", "\u2764\ufe0f", "", "edit", "revoke"]),
    seconds,
    st.booleans(),
)
echoes = st.tuples(st.just("echo"), tenants, st.sampled_from(sorted(PEOPLE)), seconds)
reports = st.tuples(
    st.just("status"), tenants, st.integers(0, 3), st.sampled_from(WORDS), seconds, st.booleans()
)
# What eva's change says besides her new number: old and new user id, or none of it.
moves = st.tuples(st.just("move"), tenants, st.booleans(), st.booleans())
accounts = st.tuples(st.just("account"), tenants, st.integers(0, 2))
events = st.lists(messages | reports | accounts | moves, min_size=1, max_size=25)


class Stage:
    """Four messages in each tenant that were sent: two with a wamid, two without."""

    def __init__(self, acme, globex, app, phones) -> None:
        self.tenants, self.app, self.phones = {"acme": acme, "globex": globex}, app, phones
        self.words: dict[tuple[str, int], str] = {}

    def reset(self) -> None:
        with context.platform():
            for model in (ParkedUnit, WebhookDelivery, DeliveryClaim):
                model.objects.all().delete()
        for name, tenant in self.tenants.items():
            with context.tenant(tenant.schema_name):
                for model in (Conversation, Contact):
                    model.objects.exclude(merged_into=None).delete()
                IdentityMove.objects.all().delete()
                for model in (StatusEvent, Mark, Message, Conversation, Contact, AccountEvent):
                    model.objects.all().delete()
                for model in (Change, Counter):
                    model.objects.all().delete()
                self._send(name, tenant)

    def _send(self, name: str, tenant: Any) -> None:
        phone = Phone.objects.get()
        at = datetime.fromtimestamp(NOON - 60, UTC)
        thread = conversation_with("5511900000000", phone=phone, opened_at=at)
        for n in range(4):
            state, wamid = ("ACCEPTED", f"out.{n}") if n < 2 else ("UNKNOWN", None)
            message = message_in(thread, status=state, wamid=wamid, timestamp=at, text=f"#{n}")
            self.words[name, n] = statuses.callback_data(
                tenant_id=tenant.pk,
                phone_number_id=phone.phone_number_id,
                message_id=message.pk,
            )

    def change(self, number: int, event: tuple[Any, ...]) -> dict[str, Any]:
        """Return a change with one event. The same number is the same event."""
        kind, tenant, *rest = event
        if kind == "account":
            value = {"event": "X", "n": rest[0]}
            return {"field": "account_update", "value": value, "waba_id": tenant}
        if kind == "status":
            return change(tenant, statuses=[self._status(tenant, *rest)])
        if kind == "move":
            return change(tenant, messages=[self._move(number, *rest)])
        if kind == "mark":
            return self._mark(number, tenant, *rest)
        if kind == "echo":
            return self._echo(number, tenant, *rest)
        return self._message(number, tenant, *rest)

    def _mark(
        self, number: int, tenant: str, target: int, done: str, at: int, by_business: bool
    ) -> dict[str, Any]:
        said: dict[str, Any] = {"message_id": f"in.{target}", "emoji": done}
        kind = "reaction"
        if done in ("edit", "revoke"):
            kind, said = done, {"original_message_id": f"in.{target}"}
            after = {"type": "text", "text": {"body": f"edit {number}"}}
            said |= {"message": after} if done == "edit" else {}
        mark = {"from": "5511988887777", "to": "5511988887777", "id": f"in.{number}"}
        mark |= {"timestamp": str(NOON + at), "type": kind, kind: said}
        if by_business:
            return _echoed(change(tenant, message_echoes=[mark]))
        return change(tenant, messages=[mark])

    def _echo(self, number: int, tenant: str, person: str, at: int) -> dict[str, Any]:
        wa_id, user_id = PEOPLE[person][0]
        echo = text(f"in.{number}", at=NOON + at, body=f"echo {number}")
        names = {"to": wa_id, "to_user_id": user_id}
        echo = {**echo, "from": "551140001001", **{k: v for k, v in names.items() if v}}
        return _echoed(change(tenant, message_echoes=[echo]))

    def _status(self, tenant: str, n: int, word: str, at: int, signed: bool) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if signed or n >= 2:  # without a wamid only our own word finds it
            more["biz_opaque_callback_data"] = self.words[tenant, n]
        if word == "failed":
            more["errors"] = [{"code": 131000 + n, "title": "No"}]
        return status(f"out.{n}", word, at=NOON + at, **more)

    def _message(
        self, number: int, tenant: str, person: str, name: int, at: int, kind: str, profile: str
    ) -> dict[str, Any]:
        moved = "eva, later" if person == "eva" and at > MOVED_AT else person
        names = PEOPLE[moved]
        wa_id, user_id = names[name % len(names)]
        message = text(f"in.{number}", wa_id=wa_id, at=NOON + at, body=f"text {number}")
        if kind != "text":
            message |= {"type": kind, kind: {"id": str(number)}}
            del message["text"]
        names = {"from": wa_id, "from_user_id": user_id}
        message = {**message, **names}
        message = {key: value for key, value in message.items() if value != ""}
        card = contact(wa_id, profile, user_id=user_id)
        card = {key: value for key, value in card.items() if value != ""}
        return change(tenant, messages=[message], contacts=[card] if profile else None)

    def _move(self, number: int, with_new: bool, with_old: bool) -> dict[str, Any]:
        moved = {"type": "user_changed_number", "wa_id": "5511933332222"}
        if with_new:
            moved["user_id"] = "BR.Ev2"
        if with_new and with_old:
            moved["previous_user_id"] = "BR.Ev1"
        told = {"from": "5511944443333", "id": f"in.{number}", "timestamp": str(NOON + MOVED_AT)}
        return {**told, "type": "system", "system": moved}

    def bodies(self, changes: list[dict[str, Any]], sizes: random.Random) -> list[bytes]:
        """Put the changes into bodies of any size."""
        made, rest = [], list(changes)
        while rest:
            some = rest[: sizes.randint(1, 5)]
            rest = rest[len(some) :]
            # An account event belongs to its account's entry.
            if any("waba_id" in one for one in some):
                made += [self._alone(one) for one in some]
            else:
                made.append(body(*some))
        return made

    def _alone(self, one: dict[str, Any]) -> bytes:
        tenant = one.get("waba_id")
        plain = {key: value for key, value in one.items() if key != "waba_id"}
        waba_id = self.phones[tenant].waba_id if tenant else None
        return body(plain, waba_id=waba_id)

    def take(self, bodies: list[bytes], limit: int) -> None:
        middle = len(bodies) // 2
        for some in (bodies[:middle], bodies[middle:]):
            deliver(self.app, *some)
            inbound.process_deliveries(limit=limit)
        for tenant in self.tenants.values():
            with context.tenant(tenant.schema_name):
                orphans.match()
        assert unaccounted() == 0

    def rows(self) -> dict[str, Any]:
        return {name: _rows(tenant.schema_name) for name, tenant in self.tenants.items()}


def _echoed(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "field": "smb_message_echoes"}


def _rows(schema: str) -> dict[str, Any]:
    """Return everything that is not an id, in an order of its own."""
    with context.tenant(schema):
        people = [
            (
                person.profile_name,
                person.profile_at,
                sorted(person.identities.values_list("kind", "match_key")),
            )
            for person in Contact.objects.filter(merged_into=None).prefetch_related("identities")
        ]
        threads = [
            (
                thread.unread_count,
                thread.window_opened_at,
                thread.last_message_at,
                thread.status,
                sorted(thread.messages.values_list("text", "type")),
            )
            for thread in Conversation.objects.filter(merged_into=None)
        ]
        times = [f"{word}_at" for word in ("sent", "delivered", "read", "failed")]
        wanted = ["wamid", "text", "type", "status", "rank", "timestamp", "content", "extras"]
        rows = Message.objects.values_list(*wanted, "error_code", "error_detail", *times)
        reported = StatusEvent.objects.values_list(
            "wamid", "status", "provider_at", "message__text", "errors"
        )
        marked = list(Message.objects.all())
        selectors.with_marks(marked)
        shown = [(one.wamid or "", one.text, one.content, one.marks) for one in marked]
        done = Mark.objects.values_list("wamid", "target_wamid", "kind", "emoji", "provider_at")
        kept = AccountEvent.objects.values_list("waba_id", "field", "value")
        assert Change.objects.count() == sum(Counter.objects.values_list("value", flat=True))
        return {
            "people": sorted(people, key=repr),
            "threads": sorted(threads, key=repr),
            "messages": sorted(rows, key=repr),
            "statuses": sorted(reported, key=repr),
            "events": sorted(kept, key=repr),
            "shown": sorted(shown, key=repr),
            "marks": sorted(done, key=repr),
        }


@pytest.fixture
def stage(acme, globex, meta_app, phones) -> Stage:
    return Stage(acme, globex, meta_app, phones)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=events, chance=st.randoms(use_true_random=False), limit=st.sampled_from([1, 3, 200]))
def test_rows_do_not_depend_on_order_repetition_or_batches(stage, events, chance, limit):
    stage.reset()
    changes = [stage.change(number, event) for number, event in enumerate(events)]
    stage.take([one for c in changes for one in stage.bodies([c], chance)], limit=200)
    first = stage.rows()

    stage.reset()
    changes = [stage.change(number, event) for number, event in enumerate(events)]
    mixed = changes + [c for c in changes if chance.random() < 0.4]
    chance.shuffle(mixed)
    bodies = stage.bodies(mixed, chance)
    stage.take(bodies + [one for one in bodies if chance.random() < 0.2], limit=limit)

    assert stage.rows() == first
