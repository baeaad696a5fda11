"""Which contacts a choice finds: everybody who is all that was asked for, and nobody else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import ConsentEvent, Contact, ContactIdentity, Conversation
from conversations.services.broadcasts import choosing
from conversations.services.broadcasts.choosing import Choice, NobodyChosenError, TooManyChosenError
from tenants import context
from tests.conversations.sending import conversation_with

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def known(place, phones):
    """Make somebody: ``known("Ana", status="CLOSED", wrote_days_ago=3, said="STOP")``."""
    made = []

    def make(name, *, status="OPEN", wrote_days_ago=None, said=(), **contact) -> Contact:
        opened_at = None if wrote_days_ago is None else NOW - timedelta(days=wrote_days_ago)
        number = f"55119876500{len(made):02}"
        one = conversation_with(number, phone=phones["acme"], opened_at=opened_at)
        Conversation.objects.filter(pk=one.pk).update(status=status)
        for place, word in enumerate(said):
            ConsentEvent.objects.create(
                contact=one.contact,
                value=word,
                source="KEYWORD",
                provider_at=NOW + timedelta(seconds=place),
                key=f"{name}.{place}",
            )
        stopped = NOW if said and said[-1] == "STOP" else None
        fields = {"name": name, "marketing_opted_out_at": stopped, **contact}
        Contact.objects.filter(pk=one.contact_id).update(**fields)
        made.append(name)
        return one.contact

    return make


def names(**wanted) -> list[str]:
    found = choosing.people(Choice(**wanted), now=NOW)
    assert choosing.count(Choice(**wanted), now=NOW) == len(found)
    return [one.name for one in found]


def test_nothing_asked_for_is_everybody_whom_whatsapp_knows(known):
    for name in ("Ana", "Bia"):
        known(name)
    ContactIdentity.objects.filter(contact__name="Bia").update(kind="PARENT_BSUID")

    assert names() == ["Ana"]


def test_a_name_a_profile_or_a_number_is_looked_for(known):
    known("Ana Lima")
    known("Bia", profile_name="lima")
    known("Caio")

    assert names(q="LIMA") == ["Ana Lima", "Bia"]
    assert names(q="+55 11 98765-0002") == ["Caio"]
    assert names(q="nobody") == []


def test_marketing_is_what_they_said_last(known):
    known("silent")
    known("stopped", said=("RESUME", "STOP"))
    known("agreed", said=("STOP", "RESUME"))
    known("signed-up", said=("SIGNUP",))

    assert names(marketing="NOT_STOPPED") == ["silent", "agreed", "signed-up"]
    assert names(marketing="AGREED") == ["agreed", "signed-up"]


def test_a_conversation_is_in_one_of_the_states(known):
    for status in ("OPEN", "CLOSED", "ARCHIVED"):
        known(status, status=status)

    assert names(statuses=("CLOSED",)) == ["CLOSED"]
    assert names(statuses=("OPEN", "ARCHIVED")) == ["OPEN", "ARCHIVED"]


def test_who_wrote_within_so_many_days(known):
    known("never")
    known("lately", wrote_days_ago=6)
    known("long ago", wrote_days_ago=8)

    assert names(wrote_within_days=7) == ["lately"]


def test_all_of_it_has_to_be_so_in_one_conversation(known, phones):
    known("both", status="CLOSED", wrote_days_ago=1)
    one = known("either", status="CLOSED", wrote_days_ago=30)
    other = Conversation.objects.get(contact=one)
    phone = other.phone
    phone.pk, phone.phone_number_id = None, "15550009999"
    phone.save()
    Conversation.objects.create(contact=one, phone=phone, status="OPEN", window_opened_at=NOW)

    assert names(statuses=("CLOSED",), wrote_within_days=7) == ["both"]


def test_who_was_merged_into_somebody_is_no_person(known):
    kept = known("kept")
    known("gone", merged_into=kept)

    assert names() == ["kept"]


def test_a_choice_is_kept_as_it_was():
    choice = Choice("a", "AGREED", ("OPEN", "CLOSED"), 7)

    assert choosing.choice_of(choice.kept()) == choice
    assert choosing.choice_of(b'{"q": "lima"}') == Choice("lima")  # as it was kept before


def test_nobody_and_too_many_are_refused(known, monkeypatch):
    with pytest.raises(NobodyChosenError):
        choosing.check(Choice(), now=NOW)
    known("Ana")
    known("Bia")
    choosing.check(Choice(), now=NOW)
    monkeypatch.setattr(choosing, "MAX_ROWS", 1)
    with pytest.raises(TooManyChosenError):
        choosing.check(Choice(), now=NOW)
    with pytest.raises(TooManyChosenError):
        list(choosing.read(Choice(), now=NOW))


def test_people_without_a_number_are_named_by_their_id(known):
    known("Ana")
    ContactIdentity.objects.update(kind="BSUID", value="BR.1", match_key="BR.1")

    (line,) = choosing.read(Choice(), now=NOW)

    assert line.cells == {"name": "Ana", "number": "BR.1"}
