"""Whatever our client asks about numbers is right for the simulator's strict eyes, and understood.

The two share no code: what passes here was read from the same reference twice.
"""

import pytest

from tests.whatsapp.simulator.conftest import (
    ACME,
    ACME_WABA,
    GLOBEX_WABA,
    JOAO,
    MARIA,
    SECRET,
)
from whatsapp import errors
from whatsapp.client import CloudApiClient, overrides, profile
from whatsapp.client.blocks import Blocks, Person
from whatsapp.client.numbers import Numbers

MANAGEMENT = "whatsapp_business_management"
FULL = {
    "about": "Aberto até as 18h",
    "address": "Rua das Flores, 10",
    "description": "Roupas e calçados",
    "email": "oi@acme.example",
    "websites": ["https://acme.example/"],
    "vertical": "RETAIL",
}


@pytest.fixture
def client(sim, receiver) -> CloudApiClient:
    return CloudApiClient(sim.url, "v25.0", "token-of-acme")


@pytest.fixture
def numbers(client) -> Numbers:
    return Numbers(client)


def test_numbers_and_accounts_are_read(numbers, sim):
    number = numbers.number(ACME)

    assert (number.status, number.quality, number.is_registered) == ("CONNECTED", "GREEN", True)
    assert (number.messaging_limit, number.throughput) == ("TIER_250", "STANDARD")
    assert [one.phone_number_id for one in numbers.numbers_of(ACME_WABA)] == [ACME]
    with pytest.raises(errors.RefusedError) as refusal:
        list(numbers.numbers_of(GLOBEX_WABA))
    assert refusal.value.code == 100


def test_every_page_of_an_account_is_read(numbers, call, sim):
    for last in range(5):
        new = {"cc": "55", "phone_number": f"114000200{last}", "verified_name": "Loja"}
        call("POST", f"/v25.0/{ACME_WABA}/phone_numbers", new)
    sim.change(page_size=2)

    assert len({one.phone_number_id for one in numbers.numbers_of(ACME_WABA)}) == 6


def test_a_token_is_looked_at(sim):
    seen = Numbers(CloudApiClient(sim.url, "v25.0", f"1000|{SECRET}"))

    facts = seen.token("token-of-acme")
    assert (facts.is_valid, facts.app_id, facts.expires_at) == (True, "1000", None)
    assert facts.reaches(MANAGEMENT, ACME_WABA)
    assert not facts.reaches(MANAGEMENT, GLOBEX_WABA)
    sim.change_token(ACME, target_ids=False)
    assert seen.token("token-of-acme").reaches(MANAGEMENT, ACME_WABA)
    sim.change_token(ACME, state="expired", scopes=[])
    facts = seen.token("token-of-acme")
    assert (facts.is_valid, facts.scopes) == (False, frozenset())
    assert seen.token("nobody's").is_valid is False


def test_an_account_is_subscribed_and_a_number_registered(numbers, sim):
    sim.change_account(ACME_WABA, subscribed=False)
    sim.change_number(ACME, status="DISCONNECTED", quiet=True)
    assert numbers.subscriptions(ACME_WABA) == []
    assert numbers.number(ACME).is_registered is False

    numbers.subscribe(ACME_WABA)
    with pytest.raises(errors.RefusedError) as refusal:
        numbers.register(ACME, pin="000000")
    numbers.register(ACME, pin="123456")

    assert refusal.value.code == 133005
    assert [one.app_id for one in numbers.subscriptions(ACME_WABA)] == ["1000"]
    assert numbers.number(ACME).is_registered is True


def test_callback_addresses_are_set_read_and_removed(numbers, client, receiver):
    there = {"uri": f"{receiver.url}/there", "verify_token": "word"}
    overrides.set_for_account(client, waba_id=ACME_WABA, **there)
    assert numbers.subscriptions(ACME_WABA)[0].override_callback_uri == there["uri"]
    here = {"uri": f"{receiver.url}/here", "verify_token": "word"}
    overrides.set_for_number(client, phone_number_id=ACME, **here)
    found = numbers.callbacks(ACME)
    assert (found.phone_number, found.account) == (here["uri"], there["uri"])

    overrides.remove_for_number(client, phone_number_id=ACME)
    overrides.remove_for_account(client, waba_id=ACME_WABA)

    assert numbers.callbacks(ACME).override == ""
    receiver.echo = False
    with pytest.raises(errors.RefusedError) as refusal:
        overrides.set_for_number(client, phone_number_id=ACME, **here)
    assert refusal.value.code == 2200


def test_a_profile_is_written_and_read(client):
    assert profile.read(client, phone_number_id=ACME).about == ""

    profile.write(client, phone_number_id=ACME, changes=FULL)

    found = profile.read(client, phone_number_id=ACME)
    assert (found.about, found.vertical) == (FULL["about"], "RETAIL")
    assert found.websites == ("https://acme.example/",)


def test_people_are_blocked_listed_and_unblocked(client, sim):
    wrote = [f"551198000000{last}" for last in range(3)]
    for sender in wrote:
        sim.inbound(phone_number_id=ACME, sender=sender, text="Oi")
    sim.change(page_size=2)
    blocks = Blocks(client, ACME)

    for sender in wrote:
        assert blocks.add(Person(sender, "")).wa_id == sender
    assert [one.wa_id for page in blocks.pages() for one in page] == wrote
    blocks.remove(Person(wrote[0], ""))
    blocks.remove(Person(wrote[0], ""))
    assert [one.wa_id for page in blocks.pages() for one in page] == wrote[1:]
    with pytest.raises(errors.RefusedError) as refusal:
        blocks.add(Person(JOAO, ""))
    assert refusal.value.code == 131047


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_a_dead_token_is_told_from_everything_else(numbers, client, sim, state):
    sim.change_token(ACME, state=state)

    with pytest.raises(errors.TokenError):
        numbers.number(ACME)
    with pytest.raises(errors.TokenError):
        Blocks(client, ACME).add(Person(MARIA, ""))
