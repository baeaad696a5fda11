"""A number's life at the simulated WhatsApp: connected, looked after, in trouble, well again."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connections as connections_of_threads
from django.db.models import F

from conversations.services import inbound
from tenants import context
from tests.conftest import APP_SECRET
from tests.conversations.events import deliver
from tests.whatsapp.simulator.conftest import Receiver, config_for, wait_until
from tests.whatsapp.webhooks.door import Door
from whatsapp.models import AccountEvent, Job, MessageTemplate, NumberFact, Phone
from whatsapp.services import connections, echo, numbers, working
from whatsapp.simulator import Config, Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def sim(settings, meta_app, receiver, monkeypatch) -> Iterator[Simulator]:
    monkeypatch.setattr(echo, "PATIENCE_SECONDS", 0.1)  # nobody works there

    config = config_for(f"{receiver.url}/webhook/whatsapp/", app_secret=APP_SECRET)
    settings.PUBLIC_URL = receiver.url
    with Simulator(Config.parse(config)).running() as simulator:
        settings.GRAPH_API_URL = simulator.url
        yield simulator


@pytest.fixture
def admin(actor):
    return actor("admin@acme.test")


@pytest.fixture(autouse=True)
def _in_acme(acme) -> Iterator[None]:
    with context.tenant(acme.schema_name):
        yield


def work() -> None:
    """Do what tasks would: everything that waits for WhatsApp."""
    while (job := Job.objects.filter(state="QUEUED").order_by("pk").first()) is not None:
        working.run(job_id=job.pk)


def ended(job: Job) -> dict[str, tuple[str, str]]:
    work()
    job.refresh_from_db()
    return {row["step"]: (row["state"], row["code"]) for row in job.steps}


def connected(admin, sim, **other) -> Phone:
    """A new number, as its owner gets it at Meta, connected here."""
    made = sim.sign_up(by_hand=True)
    given = {key: made[key] for key in ("phone_number_id", "waba_id")}
    job = connections.connect(
        actor=admin, **given, access_token=made["token"], pin="246810", **other
    )
    steps = ended(job)
    assert job.state == "DONE", steps
    return Phone.objects.get(pk=job.result["phone"])


def check(admin, phone, **more) -> dict[str, tuple[str, str]]:
    steps = ended(connections.check(actor=admin, phone=phone, **more))
    phone.refresh_from_db()
    return steps


def heard(receiver, app, happened) -> None:
    """Take in what WhatsApp brings until it had its effect."""

    def takes_effect() -> bool:
        bodies = [receiver.deliveries.pop(0).body for _ in range(len(receiver.deliveries))]
        with context.platform():
            deliver(app, *bodies)
        inbound.process_deliveries()
        return happened()

    wait_until(takes_effect)


def word(matter: str) -> str | None:
    return NumberFact.objects.filter(matter=matter).values_list("word", flat=True).first()


def test_a_new_number_is_connected_and_in_order(admin, sim):
    made = sim.sign_up(by_hand=True)
    given = {key: made[key] for key in ("phone_number_id", "waba_id")}
    first = connections.connect(actor=admin, **given, access_token=made["token"])
    assert ended(first)["registration"] == ("PROBLEM", "pin_needed")
    assert not Phone.objects.exists()

    job = connections.connect(actor=admin, **given, access_token=made["token"], pin="246810")
    steps = ended(job)

    assert {state for state, _ in steps.values()} == {"OK"}, steps
    assert steps["registration"][1] == "registered_now"
    assert steps["subscription"][1] == "subscribed_now"
    at_meta = sim.number(made["phone_number_id"])
    assert (at_meta["status"], at_meta["pin"]) == ("CONNECTED", "246810")
    assert at_meta["account"]["subscribed"]
    phone = Phone.objects.get()
    assert (phone.health, phone.phone_number_id) == ("OK", made["phone_number_id"])
    checked = Job.objects.get(kind="NUMBER_CHECK")
    assert {row["state"] for row in checked.steps} <= {"OK", "WARNING"}, checked.steps
    assert MessageTemplate.objects.filter(waba_id=phone.waba_id).exists()


@pytest.mark.parametrize(
    ("trouble", "found"),
    [
        ({"state": "expired"}, ("token", "token_invalid")),
        ({"state": "revoked"}, ("token", "token_invalid")),
        ({"scopes": ["whatsapp_business_messaging"]}, ("scopes", "scopes_missing")),
    ],
)
def test_a_token_that_is_not_good_connects_nothing(admin, sim, trouble, found):
    made = sim.sign_up(by_hand=True)
    sim.change_token(made["phone_number_id"], **trouble)
    given = {key: made[key] for key in ("phone_number_id", "waba_id")}

    job = connections.connect(actor=admin, **given, access_token=made["token"], pin="246810")

    step, code = found
    assert ended(job)[step] == ("PROBLEM", code)
    assert job.state == "FAILED"
    assert not Phone.objects.exists()
    assert not sim.number(made["phone_number_id"])["account"]["subscribed"]


def test_nobody_connects_the_number_of_another_account(admin, sim):
    mine, other = sim.sign_up(by_hand=True), sim.sign_up(by_hand=True)
    job = connections.connect(
        actor=admin,
        phone_number_id=other["phone_number_id"],
        waba_id=mine["waba_id"],
        access_token=mine["token"],
    )

    assert ended(job)["number"] == ("PROBLEM", "number_elsewhere")


def test_an_account_that_meta_stopped_telling_of_is_repaired(admin, sim):
    phone = connected(admin, sim)
    sim.change_account(phone.waba_id, subscribed=False)

    assert check(admin, phone)["subscription"] == ("PROBLEM", "subscription_missing")
    assert phone.health == "DEGRADED"

    assert check(admin, phone, repair=True)["subscription"] == ("OK", "subscribed_now")
    assert phone.health == "OK"
    assert sim.number(phone.phone_number_id)["account"]["subscribed"]


def test_a_dead_token_calls_for_a_new_one_and_a_silent_meta_does_not(admin, sim):
    phone = connected(admin, sim)
    sim.change(refuse_calls="html_500")
    check_under_way = connections.check(actor=admin, phone=phone)
    working.run(job_id=check_under_way.pk)
    phone.refresh_from_db()
    assert phone.health == "OK"
    Job.objects.filter(pk=check_under_way.pk).delete()
    sim.change(refuse_calls="")

    sim.change_token(phone.phone_number_id, state="revoked")
    assert check(admin, phone)["token"] == ("PROBLEM", "token_invalid")
    assert phone.health == "AUTH_ERROR"

    sim.change_token(phone.phone_number_id, state="valid")
    token = numbers.opened_token(tenant=admin.tenant, phone=phone)
    steps = ended(connections.replace_token(actor=admin, phone=phone, access_token=token))
    phone.refresh_from_db()
    assert (steps["claim"], phone.health) == (("OK", "token_stored"), "OK")


def test_what_meta_thinks_of_a_number_comes_by_itself(admin, sim, receiver, meta_app):
    phone = connected(admin, sim)

    sim.change_number(phone.phone_number_id, quality_rating="RED")
    heard(receiver, meta_app, lambda: word("status") == "FLAGGED")
    phone.refresh_from_db()
    assert phone.health == "DEGRADED"
    assert check(admin, phone)["quality"] == ("PROBLEM", "quality_red")

    sim.change_account(phone.waba_id, event="DISABLED_UPDATE")
    heard(receiver, meta_app, lambda: word("account") == "DISABLE")

    # Meta's times are whole seconds, and of two words of one second the order is not known.
    NumberFact.objects.update(at=F("at") - timedelta(minutes=5))
    lifted = {"ban_info": {"waba_ban_state": "REINSTATE"}}
    sim.change_account(phone.waba_id, event="DISABLED_UPDATE", details=lifted)
    sim.change_number(phone.phone_number_id, quality_rating="GREEN")
    heard(receiver, meta_app, lambda: word("account") == "REINSTATE")
    heard(receiver, meta_app, lambda: word("status") == "CONNECTED")
    check(admin, phone)
    assert phone.health == "OK", list(NumberFact.objects.values_list("matter", "word", "grade"))


def test_an_event_of_our_own_goes_the_whole_way(admin, sim, receiver, meta_app, monkeypatch):
    """Through the real door, by whoever listens at the public address, into the journal."""
    phone = connected(admin, sim)
    monkeypatch.setattr(echo, "PATIENCE_SECONDS", 20.0)
    with Door() as door:

        def pass_on(delivery) -> int:
            signed = (b"x-hub-signature-256", delivery.headers["x-hub-signature-256"].encode())
            answer = door.post(delivery.body, delivery.path, headers=[signed])
            Thread(target=_take_in).start()
            return answer.status

        monkeypatch.setattr(receiver, "take", pass_on)
        assert check(admin, phone)["door"] == ("OK", "door_open")
        assert check(admin, phone)["door"] == ("OK", "door_open")

    assert AccountEvent.objects.filter(field=echo.FIELD).count() == 1


def _take_in() -> None:
    try:
        inbound.process_deliveries()
    finally:
        connections_of_threads.close_all()
