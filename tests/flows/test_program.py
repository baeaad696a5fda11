"""A program that knows the Python client only: it follows, answers, and writes to many."""

from typing import Any

import pytest
import requests

from tests.clients.loading import loaded
from tests.flows.running import Demo, until

pytestmark = pytest.mark.e2e
balcao = loaded()
CUSTOMER = "5511988880077"
FURTHEST = {"DELIVERED", "READ"}


@pytest.fixture
def program(living: Demo) -> Any:
    """Return a client of acme's, signed in as a person."""
    base = f"http://127.0.0.1:{living.port}"
    session = requests.Session()
    session.headers["Host"] = f"localhost:{living.port}"
    return balcao.Client(base, "acme", email="admin@acme.test", password="demo", session=session)


@pytest.fixture
def write(living: Demo):
    """Return a function by which the customer writes on the phone."""
    described = living.read()
    number = described["tenants"]["acme"]["phone_number_id"]

    def post(act: str, body: dict[str, Any]) -> None:
        requests.post(
            f"{described['simulator_url']}/simulator/{act}", json=body, timeout=30
        ).raise_for_status()

    post("customers", {"name": "Caio Braga", "wa_id": CUSTOMER})

    def write(words: str) -> None:
        message = {"type": "text", "text": {"body": words}}
        post("inbound", {"phone_number_id": number, "from": CUSTOMER, "message": message})

    return write


def test_it_follows_answers_and_sees_the_ticks(program, write):
    after = program.last_seq()
    write("Vocês abrem no sábado?")

    def arrived() -> dict[str, Any] | None:
        ids = [one["id"] for one in program.changes(after) if one["kind"] == "ARRIVAL"]
        found = [program.get(f"messages/{pk}/") for pk in ids]
        return next((one for one in found if "sábado" in str(one["text"])), None)

    question = until(arrived, "the customer's message")
    kinds = {one["kind"] for one in program.changes(after)}
    answer = program.send(
        {"type": "text", "text": {"body": "Sim, das 9 às 13."}},
        conversation=question["conversation"],
        idempotency_key="sabado-1",
    )

    assert {"ARRIVAL", "OPENED", "CONTACT_NEW"} <= kinds
    until(
        lambda: program.get(f"messages/{answer['id']}/")["status"] in FURTHEST,
        "the answer on the phone",
    )
    texts = [one["text"] for one in program.messages(question["conversation"])]
    assert len(texts) == 2


def test_it_writes_to_many_and_waits_for_the_end(program):
    phone = program.get("phones/")["results"][0]
    templates = program.get("templates/")["results"]
    plain = next(
        one
        for one in templates
        if one["status"] == "APPROVED" and one["account"] == phone["waba_id"] and not one["fields"]
    )
    numbers = [f"+55119777700{number:02}" for number in range(3)]

    job = program.bulk("Aviso", (plain["name"], plain["language"]), [(one, {}) for one in numbers])

    def finished() -> dict[str, Any] | None:
        found = program.get(f"broadcasts/{job['id']}/")
        return found if found["status"] == "FINISHED" else None

    assert until(finished, "the end of the broadcast")["total"] == len(numbers)
