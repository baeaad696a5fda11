"""Letters: written with what they tell of, sent once, tried again, given up with a reason."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone

from conversations.services.sweep import Sweeper
from tenants import context
from tenants.models import Mail
from tenants.services import mail

LINK = "http://acme.localhost:8000/invitation/abc"
pytestmark = pytest.mark.django_db


def post(**fields) -> Mail:
    letter = {"to": "ana@acme.test", "subject": "Olá", "body": f"Abra {LINK}", **fields}
    return mail.post(**letter)


def fresh(letter: Mail) -> Mail:
    with context.platform():
        return Mail.objects.get(pk=letter.pk)


def moment() -> object:
    """A little later than the database's clock."""
    return timezone.now() + timedelta(seconds=1)


@pytest.fixture
def refused(monkeypatch):
    """The mail server says no: ``refused(error)``."""

    def by(error: Exception) -> None:
        def send_messages(self, messages):
            raise error

        monkeypatch.setattr(EmailBackend, "send_messages", send_messages)

    return by


def test_a_letter_leaves_and_its_text_is_kept_no_longer():
    letter = post()
    assert LINK not in letter.body_sealed

    assert mail.send(now=moment()) == 1

    (message,) = sent.outbox
    assert (message.to, message.subject, message.body) == (["ana@acme.test"], "Olá", f"Abra {LINK}")
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert fresh(letter).sent_at is not None
    assert fresh(letter).body_sealed == ""
    assert mail.send(now=moment()) == 0


def test_it_is_part_of_the_transaction_that_it_tells_of():
    with transaction.atomic():
        post()
        transaction.set_rollback(True)

    assert mail.send(now=moment()) == 0


@pytest.mark.parametrize(
    "subject", ["Hi\r\nBcc: evil@example.com", "Hi\nBcc: evil@example.com", "Hi\u2028\x00Bcc: x"]
)
def test_a_subject_is_one_header(subject):
    post(subject=subject)

    assert mail.send(now=moment()) == 1
    text = sent.outbox[0].message().as_string()
    assert "\nBcc" not in text


@pytest.mark.parametrize(
    "address", ["ana@acme.test\nBcc: evil@example.com", "a@b.test, c@d.test", "", "x" * 300]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(mail.MailAddressError):
        post(to=address)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (TimeoutError(), "AWAY"),
        (smtplib.SMTPServerDisconnected(), "AWAY"),
        (smtplib.SMTPAuthenticationError(535, b"no"), "LOGIN_REFUSED"),
        (smtplib.SMTPDataError(451, b"later"), "LETTER_REFUSED"),
        (smtplib.SMTPRecipientsRefused({"ana@acme.test": (450, b"later")}), "LETTER_REFUSED"),
    ],
)
def test_what_was_not_taken_is_tried_again_later(refused, error, fault):
    letter = post()
    refused(error)
    now = moment()

    assert mail.send(now=now) == 0

    kept = fresh(letter)
    assert (kept.error, kept.failed_at, kept.attempts) == (fault, None, 1)
    assert kept.body_sealed
    wait = (kept.due_at - now).total_seconds()
    assert 55 < wait < 65


def test_an_address_that_nobody_has_is_given_up_and_the_next_letter_goes_on(refused, monkeypatch):
    letter, other = post(), post(to="vera@acme.test")
    taken = EmailBackend.send_messages

    def send_messages(self, messages):
        if messages[0].to == ["ana@acme.test"]:
            raise smtplib.SMTPRecipientsRefused({"ana@acme.test": (550, b"unknown")})
        return taken(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)

    assert mail.send(now=moment()) == 1
    assert fresh(letter).failed_at is not None
    assert (fresh(letter).error, fresh(letter).body_sealed) == ("ADDRESS_REFUSED", "")
    assert fresh(other).sent_at is not None


def test_a_server_that_takes_nothing_ends_the_round(refused):
    letters = [post(), post()]
    refused(ConnectionRefusedError())

    mail.send(now=moment())

    assert sorted(fresh(letter).attempts for letter in letters) == [0, 1]


def test_it_is_given_up_after_a_day(refused):
    letter = post()
    refused(ConnectionRefusedError())
    now = moment()
    for _ in range(20):
        mail.send(now=now)
        now += timedelta(hours=13)

    kept = fresh(letter)
    assert kept.attempts == len(mail.DELAYS_SECONDS) + 1
    assert (kept.error, kept.body_sealed) == ("AWAY", "")
    assert kept.failed_at is not None


def test_what_comes_too_late_is_not_sent():
    letter = post(until=timezone.now() + timedelta(hours=1))

    assert mail.send(now=timezone.now() + timedelta(hours=2)) == 0

    assert (fresh(letter).error, fresh(letter).body_sealed) == ("TOO_LATE", "")


def test_one_that_another_process_holds_is_left_to_it():
    letter = post()
    now = moment()
    with context.platform():
        Mail.objects.filter(pk=letter.pk).update(attempts=1, due_at=now + mail.LEASE)

    assert mail.send(now=now) == 0
    assert mail.send(now=now + mail.LEASE) == 1


def test_a_seal_that_cannot_be_opened_stops_nobody(settings):
    letter = post()
    with context.platform():
        Mail.objects.filter(pk=letter.pk).update(body_sealed="k0:gone")
    post()

    assert mail.send(now=moment()) == 1
    assert fresh(letter).error == "UNREADABLE"


def test_it_waits_where_no_mail_is_set_up(settings):
    letter = post()
    settings.MAIL_IS_SET_UP = False

    assert mail.send(now=moment()) == 0
    assert fresh(letter).attempts == 0
    with pytest.raises(mail.MailOffError):
        mail.require_set_up()


def test_old_letters_are_forgotten():
    post()

    assert mail.purge(now=timezone.now()) == 0
    assert mail.purge(now=timezone.now() + timedelta(days=31)) == 1


def test_the_console_shows_what_became_of_them_and_no_text(console, refused):
    letter = post(subject="Convite")
    refused(TimeoutError())
    mail.send(now=moment())

    listed = console.get("/admin/tenants/mail/").content.decode()
    one = console.get(f"/admin/tenants/mail/{letter.pk}/change/").content.decode()

    for html in (listed, one):
        assert "Convite" in html
        assert "The mail server does not answer." in html
        assert "invitation/abc" not in html
        assert fresh(letter).body_sealed not in html
    assert console.get("/admin/tenants/mail/?body_sealed__startswith=k").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_sends_what_no_nudge_reached_and_nobody_waits_with_a_session(monkeypatch):
    held = []
    taken = EmailBackend.send_messages

    def send_messages(self, messages):
        held.append(connection.connection)
        return taken(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    letter = post()
    sweeper = Sweeper(stopping=lambda: False)

    sweeper.round()
    sweeper.close()

    assert fresh(letter).sent_at is not None
    assert held == [None]
