"""Meta's limits: they count once the knob is on, by a clock that the test moves."""

import json

import pytest

from tests.whatsapp.simulator.conftest import (
    ACME,
    ACME_WABA,
    GLOBEX,
    JOAO,
    MARIA,
    wait_until,
)
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.limits import Limits
from whatsapp.simulator.settings import Settings

TEMPLATE = {"type": "template", "template": {"name": "boas_vindas", "language": {"code": "pt_BR"}}}


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock) -> Limits:
    return Limits(clock)


ON = Settings(limits=True)


def send(limits: Limits, settings: Settings = ON, *, person: str = "1") -> int:
    try:
        limits.check_send(settings, number=ACME, person=person)
    except GraphError as error:
        return error.code
    return 0


def test_nothing_is_limited_unless_the_knob_is_on(limits):
    assert [send(limits, Settings()) for _ in range(500)] == [0] * 500


def test_a_pair_may_burst_and_then_has_one_message_in_six_seconds(limits, clock):
    calm = ON.changed({"messages_per_second": 0})
    assert [send(limits, calm) for _ in range(46)] == [0] * 45 + [131056]
    assert send(limits, calm, person="2") == 0

    clock.now += 6
    assert [send(limits, calm), send(limits, calm)] == [0, 131056]
    clock.now += 6 * 45
    assert [send(limits, calm) for _ in range(46)] == [0] * 45 + [131056]


def test_a_refused_send_says_how_long_to_wait(limits, clock):
    calm = ON.changed({"messages_per_second": 0, "pair_burst": 1})
    send(limits, calm)
    clock.now += 2

    with pytest.raises(GraphError) as refusal:
        limits.check_send(calm, number=ACME, person="1")

    assert refusal.value.retry_after_seconds == 4


def test_a_number_has_its_messages_a_second(limits, clock):
    wide = ON.changed({"pair_seconds": 0})
    assert [send(limits, wide, person=str(n)) for n in range(81)] == [0] * 80 + [130429]

    clock.now += 0.5
    assert [send(limits, wide, person=str(n)) for n in range(41)] == [0] * 40 + [130429]


def test_a_number_of_the_business_app_has_twenty(limits):
    wide = ON.changed({"pair_seconds": 0})
    for _ in range(20):
        limits.check_send(wide, number=ACME, person="1", is_on_biz_app=True)

    with pytest.raises(GraphError) as refusal:
        limits.check_send(wide, number=ACME, person="1", is_on_biz_app=True)

    assert refusal.value.code == 130429


def test_a_number_that_is_given_to_the_business_app_is_slower_from_then_on(call, sim):
    sim.change(limits=True, pair_seconds=0)
    assert {call.send().status for _ in range(70)} == {200}

    sim.change_number(ACME, is_on_biz_app=True, quiet=True)

    assert {call.send().status for _ in range(70)} == {200, 429}


def test_an_account_may_begin_with_so_many_people_a_day(limits, clock):
    few = ON.changed({"portfolio_users": 2})

    def begin(person):
        return limits.may_begin(few, waba_id="1", person=person)

    assert [begin("a"), begin("b"), begin("c"), begin("a")] == [True, True, False, True]
    assert limits.may_begin(few, waba_id="2", person="c")
    clock.now += 86401
    assert begin("c")


def test_calls_are_counted_by_the_account_and_by_the_app(limits, clock):
    few = ON.changed({"calls_per_hour": 2, "app_calls_per_hour": 3})
    limits.call(few, waba_id="1")
    clock.now += 60
    limits.call(few, waba_id="1")

    with pytest.raises(GraphError) as refusal:
        limits.call(few, waba_id="1")
    usage = json.loads(refusal.value.headers["x-business-use-case-usage"])["1"][0]
    assert (refusal.value.code, usage["call_count"]) == (80007, 100)
    assert usage["estimated_time_to_regain_access"] == 59

    limits.call(few, waba_id="2")
    with pytest.raises(GraphError) as refusal:
        limits.call(few, waba_id="2")
    assert refusal.value.code == 4
    assert json.loads(refusal.value.headers["x-app-usage"])["call_count"] == 100

    clock.now += 3541
    limits.call(few, waba_id="1")


def test_every_management_call_tells_what_is_used_up_and_no_send_does(call):
    answer = call("GET", f"/v25.0/{ACME_WABA}/phone_numbers")

    usage = json.loads(answer.headers["x-business-use-case-usage"])
    assert list(usage) == [ACME_WABA]
    assert usage[ACME_WABA][0]["type"] == "whatsapp_business_management"
    assert "call_count" in json.loads(answer.headers["x-app-usage"])
    assert "x-business-use-case-usage" not in call.send().headers


def test_too_many_management_calls_are_refused_until_an_hour_has_passed(call, sim):
    sim.change(limits=True, calls_per_hour=1, retry_after=True)
    assert call("GET", f"/v25.0/{ACME}").status == 200

    answer = call("GET", f"/v25.0/{ACME}")

    assert (answer.status, answer.error["code"]) == (400, 80007)
    assert answer.headers["retry-after"] == "3600"
    assert "x-business-use-case-usage" in answer.headers
    assert call.send().status == 200
    sim.advance(3601)
    assert call("GET", f"/v25.0/{ACME}").status == 200


def test_a_pair_is_limited_from_end_to_end(call, sim):
    sim.change(limits=True, pair_burst=2, retry_after=True)

    answers = [call.send() for _ in range(3)]

    assert [a.status for a in answers] == [200, 200, 400]
    assert answers[2].error["code"] == 131056
    assert 1 <= int(answers[2].headers["retry-after"]) <= 6
    sim.advance(6)
    assert call.send().status == 200


def test_the_messaging_limit_is_told_later_or_at_once_with_any_code(call, sim, receiver):
    sim.change(limits=True, portfolio_users=1)
    sim.advance(25 * 3600)  # Maria's window is closed too
    call.send(to=f"+{JOAO}", **TEMPLATE)

    assert call.send(to=f"+{MARIA}", **TEMPLATE).status == 200
    (failed,) = wait_until(lambda: [s for s in receiver.statuses if s["status"] == "failed"])
    assert failed["errors"][0]["code"] == 131048

    sim.change(portfolio_later=False, portfolio_code=130429)
    assert call.send(to=f"+{MARIA}", **TEMPLATE).error["code"] == 130429
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    assert call.send(to=f"+{MARIA}", **TEMPLATE).status == 200


def test_a_closed_window_may_be_told_later(call, sim, receiver):
    sim.change(window_later=True)

    assert call.send(to=f"+{JOAO}").status == 200

    (status,) = wait_until(lambda: receiver.statuses)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


def test_the_window_of_a_number_and_a_person_closes_after_a_day(call, sim):
    sim.inbound(phone_number_id=GLOBEX, sender=MARIA, text="Oi")
    sim.advance(86300)
    assert call.send().status == 200
    sim.advance(200)
    assert call.send().error["code"] == 131047

    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    assert call.send().status == 200


@pytest.mark.parametrize("seconds", [-1, "1", None, True, 10**9])
def test_only_a_number_of_seconds_passes(call, seconds):
    assert call("POST", "/simulator/clock", {"advance_seconds": seconds}).status == 400


def _create(call, name):
    body = {
        "name": name,
        "language": "pt_BR",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Oi"}],
    }
    return call("POST", f"/v25.0/{ACME_WABA}/message_templates", body)


def test_an_account_makes_so_many_templates_an_hour(call, sim):
    sim.change(limits=True, templates_per_hour=2)
    assert [_create(call, f"t{n}").status for n in range(3)] == [200, 200, 400]
    sim.advance(3601)
    assert _create(call, "t4").status == 200


def test_an_approved_template_is_edited_once_a_day(call, sim):
    sim.change(limits=True, template_review_seconds=0)
    made = _create(call, "editada").json["id"]
    parts = {"components": [{"type": "BODY", "text": "Olá"}]}

    def edit():
        wait_until(lambda: call("GET", f"/v25.0/{made}").json["status"] == "APPROVED")
        return call("POST", f"/v25.0/{made}", parts)

    assert edit().status == 200
    assert edit().error["error_subcode"] == 2388039
    sim.advance(86401)
    assert edit().status == 200


def test_the_name_of_a_deleted_template_is_not_free_for_thirty_days(call, sim):
    sim.change(limits=True, template_review_seconds=0)
    made = _create(call, "antiga").json["id"]
    wait_until(lambda: call("GET", f"/v25.0/{made}").json["status"] == "APPROVED")
    call("DELETE", f"/v25.0/{ACME_WABA}/message_templates?name=antiga")

    assert _create(call, "antiga").error["error_subcode"] == 2388023
    sim.advance(30 * 86400 + 1)
    assert _create(call, "antiga").status == 200
