"""Send people letters: written in the transaction that they tell of, brought out afterwards.

A letter may come twice, when its sender died at the wrong moment, and then under the same id.
Whether the mail server takes it changes nothing for whoever caused it.
"""

import logging
import smtplib
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import context, queue, secrets
from tenants.errors import DomainError
from tenants.models import Mail, Tenant

logger = logging.getLogger(__name__)

Fault = Mail.Fault

SUBJECT_MAX_CHARACTERS = 200
# After which failure it waits how long; then it is given up.
DELAYS_SECONDS = (60, 300, 1800, 7200, 6 * 3600, 12 * 3600)
LEASE = timedelta(minutes=5)
KEPT_FOR = timedelta(days=30)
_FINAL = (Fault.ADDRESS_REFUSED, Fault.UNREADABLE)
_PLACE = {"tenant": secrets.PLATFORM, "table": "tenants_mail", "column": "body"}
# A mail server that hangs must not take the worker's threads from customers' messages.
_turn = Lock()


class MailAddressError(DomainError):
    code = "mail_address_invalid"
    http_status = 400
    message = _("This is no e-mail address.")


class MailOffError(DomainError):
    code = "mail_off"
    http_status = 409
    message = _("This installation sends no e-mail yet: ask its administrator to set it up.")


def require_set_up() -> None:
    """Pass where letters go out. Raises: MailOffError."""
    if not settings.MAIL_IS_SET_UP:
        raise MailOffError


def one_line(text: str) -> str:
    """Return a text that is one line: what a tenant is called may hold anything."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def post(
    *,
    to: str,
    subject: str,
    body: str,
    tenant: Tenant | None = None,
    until: datetime | None = None,
) -> Mail:
    """Write a letter in the caller's transaction; it leaves after the commit.

    Texts come in the reader's language. ``until`` is when it is of no use any more.
    Raises: MailAddressError.
    """
    try:
        validate_email(to)
    except ValidationError as error:
        raise MailAddressError from error
    with context.platform():
        mail = Mail.objects.create(
            tenant=tenant,
            to=to,
            subject=one_line(subject)[:SUBJECT_MAX_CHARACTERS],
            body_sealed=secrets.seal(body, **_PLACE),
            until=until,
        )
    queue.nudge("tenants.tasks.send_mail")
    return mail


def send(*, now: datetime) -> int:
    """Send what is due; return how many left. One at a time in a process, and nobody waits for it.

    A mail server that takes nothing at all ends the round.
    """
    if not settings.MAIL_IS_SET_UP or not _turn.acquire(blocking=False):
        return 0
    sent = 0
    try:
        while (mail := _claimed(now)) is not None:
            fault = _brought(mail)
            sent += not fault
            if fault in (Fault.AWAY, Fault.LOGIN_REFUSED):
                break
    finally:
        _turn.release()
    return sent


def purge(*, now: datetime) -> int:
    """Forget letters that are old, whatever became of them; for the periodic schedule."""
    with context.platform():
        count, _details = Mail.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    return count


def _claimed(now: datetime) -> Mail | None:
    """Take the next letter that is due; from who dies with it, others take it after the lease."""
    with context.platform(), transaction.atomic():
        due = Mail.objects.filter(sent_at=None, failed_at=None, due_at__lte=now)
        due.filter(until__lte=now).update(failed_at=now, body_sealed="", error=Fault.TOO_LATE)
        due.filter(attempts__gt=len(DELAYS_SECONDS)).update(failed_at=now, body_sealed="")
        # The rival is another process's sender.
        mail = due.select_for_update(skip_locked=True).order_by("due_at", "id").first()
        if mail is not None:
            mail.attempts += 1
            mail.due_at = now + LEASE
            mail.save(update_fields=["attempts", "due_at"])
    return mail


def _brought(mail: Mail) -> str:
    """Bring a letter to the mail server; return what was wrong, "" where nothing was."""
    if not connection.in_atomic_block:
        connection.close()  # the mail server may take its time
    fault: Fault | None = None
    try:
        _written(mail).send()
    except secrets.SealBrokenError:
        fault = Fault.UNREADABLE
    except OSError as error:  # what smtplib raises is among these
        logger.warning("mail %s was not taken: %s", mail.pk, type(error).__name__)
        fault = _fault(error)
    now = timezone.now()
    outcome: dict[str, Any] = {"error": fault or ""}
    if fault is None:
        outcome |= {"sent_at": now, "body_sealed": ""}
    elif fault in _FINAL:
        outcome |= {"failed_at": now, "body_sealed": ""}
    else:
        seconds = DELAYS_SECONDS[min(mail.attempts, len(DELAYS_SECONDS)) - 1]
        outcome["due_at"] = now + timedelta(seconds=seconds)
    with context.platform():
        Mail.objects.filter(pk=mail.pk).update(**outcome)
    return fault or ""


def _written(mail: Mail) -> EmailMessage:
    body = secrets.open(mail.body_sealed, **_PLACE)
    # The same at every attempt: whoever gets it twice is shown it once.
    message_id = f"<{mail.pk}.{secrets.mac(str(mail.pk), purpose='mail')}@{settings.PUBLIC_HOST}>"
    return EmailMessage(
        subject=mail.subject,
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )


def _fault(error: OSError) -> Fault:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        return Fault.ADDRESS_REFUSED if min(codes, default=0) >= 500 else Fault.LETTER_REFUSED
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Fault.LOGIN_REFUSED
    if isinstance(error, smtplib.SMTPResponseException):
        return Fault.LETTER_REFUSED
    return Fault.AWAY
