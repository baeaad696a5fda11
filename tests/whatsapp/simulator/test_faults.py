"""Calls that are no sends, refused because a knob says so."""

import http.client

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA

REGISTER = {"messaging_product": "whatsapp", "pin": "123456"}


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [("80007", 400, 80007), ("190", 401, 190), ("2", 503, 2), ("368", 403, 368)],
)
def test_a_code_meets_every_call_but_sends(call, sim, refusal, status, code):
    sim.change(refuse_calls=refusal)

    for path in (f"/v25.0/{ACME}", f"/v25.0/{ACME_WABA}/subscribed_apps", "/v25.0/debug_token"):
        answer = call("GET", path)
        assert (answer.status, answer.error["code"]) == (status, code)
    assert call.send().status == 200

    sim.change(refuse_calls="")
    assert call("GET", f"/v25.0/{ACME}").status == 200


def test_one_edge_alone_fails_and_nothing_was_done(call, sim):
    sim.change_number(ACME, status="DISCONNECTED")
    sim.change(refuse_calls="html_500", refuse_edge="register")

    answer = call("POST", f"/v25.0/{ACME}/register", REGISTER)

    assert (answer.status, answer.headers["content-type"][:9]) == (500, "text/html")
    known = call("GET", f"/v25.0/{ACME}?fields=status").json
    assert known["status"] == "DISCONNECTED"


@pytest.mark.parametrize("refusal", ["timeout", "reset", "drop"])
def test_an_answer_never_comes(call, sim, refusal):
    sim.change(refuse_calls=refusal, timeout_seconds=0.1)

    with pytest.raises((ConnectionError, http.client.HTTPException)):
        call("GET", f"/v25.0/{ACME}")


@pytest.mark.parametrize(
    "knob",
    [{"refuse_calls": "no"}, {"refuse_calls": 7}, {"refuse_edge": "a/b"}, {"refuse_edge": 7}],
)
def test_a_knob_that_cannot_be_turned_so_is_refused(call, knob):
    answer = call("POST", "/simulator/settings", knob)

    assert answer.status == 400
    assert next(iter(knob)) in answer.json["error"]
