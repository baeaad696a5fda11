"""The code from a super-admin's phone."""

import pytest
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants import context
from tenants.models import AuditEvent, User
from tenants.services import second_factor


@pytest.fixture
def boss(people) -> User:
    return people["admin@balcao.test"]


def code_of(user: User, *, later: int = 0) -> str:
    device = second_factor.device_of(user)
    return f"{totp(device.bin_key, drift=later):06d}"


def test_the_first_right_code_enrolls_the_device(boss):
    assert not second_factor.device_of(boss).confirmed

    device = second_factor.check(user=boss, code=code_of(boss))

    assert device.confirmed
    assert second_factor.device_of(boss) == device
    with context.platform():
        assert AuditEvent.objects.get().action == "user.second_factor_enrolled"


def test_a_code_is_taken_once(boss):
    code = code_of(boss)
    second_factor.check(user=boss, code=code)

    with pytest.raises(second_factor.WrongCodeError):
        second_factor.check(user=boss, code=code)


@pytest.mark.parametrize("code", ["", "000000x", "١٢٣٤٥٦", "1" * 5000, "\x00", "-1"])
def test_nonsense_is_refused(boss, code):
    second_factor.device_of(boss)

    with pytest.raises(second_factor.WrongCodeError):
        second_factor.check(user=boss, code=code)


def test_guessing_makes_the_right_code_wait(boss):
    right = code_of(boss)
    with pytest.raises(second_factor.WrongCodeError):
        second_factor.check(user=boss, code="000000" if right != "000000" else "111111")
    with context.platform():  # as if many more had been tried a moment ago
        TOTPDevice.objects.update(
            throttling_failure_count=8, throttling_failure_timestamp=timezone.now()
        )

    with pytest.raises(second_factor.WrongCodeError):
        second_factor.check(user=boss, code=right)


def test_nobodys_code_is_right(people):
    with pytest.raises(second_factor.WrongCodeError):
        second_factor.check(user=people["ana@acme.test"], code="123456")


def test_a_lost_phone_is_forgotten_and_another_one_enrolled(boss):
    second_factor.check(user=boss, code=code_of(boss))
    first = second_factor.device_of(boss)

    assert second_factor.forget(actor=boss, user=boss)
    assert not second_factor.forget(actor=boss, user=boss)

    assert second_factor.device_of(boss).key != first.key
    assert not second_factor.device_of(boss).confirmed
