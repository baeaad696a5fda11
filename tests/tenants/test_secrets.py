"""A sealed value opens in its own place only, with any key that is still held."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from tenants import sealing, secrets

PLACE = {"tenant": "8d3b", "table": "whatsapp_phone", "column": "access_token"}


def test_what_is_sealed_opens_again():
    sealed = secrets.seal("EAAtoken ção 🔑", **PLACE)

    assert secrets.open(sealed, **PLACE) == "EAAtoken ção 🔑"
    assert "EAAtoken" not in sealed


def test_two_seals_of_one_value_differ():
    assert secrets.seal("same", **PLACE) != secrets.seal("same", **PLACE)


@pytest.mark.parametrize("name", ["tenant", "table", "column"])
def test_a_copied_value_does_not_open(name):
    sealed = secrets.seal("EAAtoken", **PLACE)

    with pytest.raises(secrets.SealBrokenError):
        secrets.open(sealed, **{**PLACE, name: "other"})


@pytest.mark.parametrize("sealed", ["", "k1", "k1:", "k1:AAAA", "k9:gAAAAA", "gAAAAA", "k1:ç"])
def test_nonsense_does_not_open(sealed):
    with pytest.raises(secrets.SealBrokenError):
        secrets.open(sealed, **PLACE)


def test_a_changed_value_does_not_open():
    sealed = secrets.seal("EAAtoken", **PLACE)
    middle = len(sealed) // 2  # the last characters hold bits that mean nothing
    other = "A" if sealed[middle] != "A" else "B"
    changed = sealed[:middle] + other + sealed[middle + 1 :]

    with pytest.raises(secrets.SealBrokenError):
        secrets.open(changed, **PLACE)


def test_keys_rotate(settings):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.FIELD_KEYS = f"k1:{old}"
    before = secrets.seal("EAAtoken", **PLACE)

    settings.FIELD_KEYS = f"k2:{new},k1:{old}"
    after = secrets.seal("EAAtoken", **PLACE)

    assert before.startswith("k1:")
    assert after.startswith("k2:")
    assert secrets.open(before, **PLACE) == secrets.open(after, **PLACE) == "EAAtoken"

    settings.FIELD_KEYS = f"k2:{new}"
    with pytest.raises(secrets.SealBrokenError):
        secrets.open(before, **PLACE)


def test_a_key_of_the_same_name_and_another_value_does_not_open(settings):
    sealed = secrets.seal("EAAtoken", **PLACE)
    settings.FIELD_KEYS = f"k1:{Fernet.generate_key().decode()}"

    with pytest.raises(secrets.SealBrokenError):
        secrets.open(sealed, **PLACE)


def test_a_seal_tells_when_it_was_made():
    at = sealing.sealed_at(secrets.seal("EAAtoken", **PLACE))

    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)


@pytest.mark.parametrize("sealed", ["", "k1:", "k1:!!", "k1:gAAA", "k1:AAAAAAAAAAAAAAAA"])
def test_nonsense_was_made_never(sealed):
    with pytest.raises(secrets.SealBrokenError):
        sealing.sealed_at(sealed)


def test_a_mac_depends_on_every_part_and_on_its_purpose(settings):
    mac = secrets.mac("a", "b", purpose="callback")

    assert mac == secrets.mac("a", "b", purpose="callback")
    assert len(mac) == 16
    others = {
        secrets.mac("a", "c", purpose="callback"),
        secrets.mac("b", "a", purpose="callback"),
        secrets.mac("a", "b", purpose="login"),
    }
    settings.SECRET_KEY = "another-key"
    others.add(secrets.mac("a", "b", purpose="callback"))
    assert mac not in others
    assert len(others) == 4
