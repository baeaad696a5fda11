"""The code from a phone that super-admins need besides their password."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants import audit, context
from tenants.errors import DomainError
from tenants.models import User


class WrongCodeError(DomainError):
    code = "code_wrong"
    http_status = 403
    message = _("This code is not right, or was used already. Wait for the next one.")


def device_of(user: User) -> TOTPDevice:
    """Return the person's device; the first time a new one, which the first right code confirms."""
    with context.platform(), transaction.atomic():
        # The rival is the same person's second tab: one device, and one key on both screens.
        User.objects.select_for_update().get(pk=user.pk)
        device, _made = TOTPDevice.objects.get_or_create(
            user=user, defaults={"name": "console", "confirmed": False}
        )
    return device


def check(*, user: User, code: str) -> TOTPDevice:
    """Accept a code once; the first one enrolls the device. Raises: WrongCodeError.

    Wrong ones are slowed down by the device itself: 1, 2, 4 ... seconds.
    """
    with context.platform(), transaction.atomic():
        # The rival is the same code sent twice at once.
        device = TOTPDevice.objects.select_for_update().filter(user=user).first()
        accepted = device is not None and device.verify_token(code)
        if accepted and not device.confirmed:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            audit.record(actor=user, action="user.second_factor_enrolled", target=user)
    if not accepted:  # outside, so that the device keeps its count of wrong ones
        raise WrongCodeError
    return device


def forget(*, actor: User | None, user: User, reason: str = "") -> bool:
    """Let a super-admin who lost his phone enroll a new one. False if he had none enrolled."""
    with context.platform(), transaction.atomic():
        count, _details = TOTPDevice.objects.filter(user=user).delete()
        if count:
            audit.record(
                actor=actor, action="user.second_factor_forgotten", target=user, reason=reason
            )
    return bool(count)
