"""The table of codes: whole, and selectable at once or later."""

import pytest

from tests.whatsapp.simulator.conftest import wait_until
from whatsapp import errors as ours
from whatsapp.simulator import errors

AT_ONCE = sorted(errors.TEXTS)


def test_every_code_that_the_client_explains_can_be_played():
    theirs = {code for code in ours.TABLE if code > 0}  # the others are reasons of our own
    assert theirs - set(errors.TEXTS) == set()


@pytest.mark.parametrize("code", AT_ONCE)
def test_any_code_may_be_the_answer_to_a_send(call, sim, code):
    sim.change(refuse=str(code))

    answer = call.send()

    wanted = (100, code) if code in errors.SUBCODES else (code, answer.error.get("error_subcode"))
    assert (answer.error["code"], answer.error.get("error_subcode")) == wanted
    assert answer.status == errors.TEXTS[code].http
    assert answer.error["message"]
    assert sim.messages() == []


@pytest.mark.parametrize("code", [130472, 131026, 131047, 131049, 131050, 131053, 137000])
def test_any_code_may_come_later_as_a_failed_status(call, sim, receiver, code):
    sim.change(fail_code=code)

    assert call.send().status == 200

    (status,) = wait_until(lambda: receiver.statuses)
    assert status["status"] == "failed"
    assert status["errors"][0]["code"] == code
    assert status["errors"][0]["error_data"]["details"]
