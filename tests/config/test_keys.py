"""Keys that anybody could know are refused."""

import base64

import pytest

from config import keys

GOOD_KEY = "mZ1b0tTq8sVw4yJd7nKc2rXg9uLh5eFp3aQi6oSvNxBk"
GOOD_FIELD_KEY = base64.urlsafe_b64encode(bytes(range(100, 132))).decode()


def problems(secret_key: str = GOOD_KEY, field_keys: str = f"k1:{GOOD_FIELD_KEY}") -> list[str]:
    return list(keys.problems(secret_key=secret_key, field_keys=field_keys))


def test_random_keys_are_good():
    assert problems() == []
    assert problems(field_keys=f"k2:{GOOD_FIELD_KEY},k1:{GOOD_FIELD_KEY}") == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "a" * 64,
        "abab" * 16,
        f"django-insecure-{GOOD_KEY}",
        f"change-me-{GOOD_KEY}",
        f"EXAMPLE-{GOOD_KEY}",
    ],
)
def test_a_weak_secret_key_is_named(key):
    (problem,) = problems(secret_key=key)

    assert "SECRET_KEY" in problem
    assert key not in problem or not key


@pytest.mark.parametrize(
    "value",
    ["", "k1:", "k1", "k1:short", f"k1:{GOOD_FIELD_KEY[:-4]}", "k1:ç", "k1:" + "A" * 43 + "="],
)
def test_a_broken_field_key_is_named(value):
    (problem,) = problems(field_keys=value)

    assert problem.startswith("FIELD_KEYS")


def test_one_broken_key_among_good_ones_is_named():
    (problem,) = problems(field_keys=f"k2:{GOOD_FIELD_KEY},k1:broken")

    assert "k1" in problem
