"""Contacts of senders, when two writers make the same person at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from conversations.models import Contact, ContactIdentity
from conversations.services import people
from tenants import context
from tenants.db import raw
from tests.polling import until_waiting
from whatsapp.payloads import Sender

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


def sender(wa_id: str = "", user_id: str = "", name: str = "Ana") -> tuple[Sender, datetime]:
    return Sender(wa_id, user_id, "", name), AT


def resolve(acme, *senders) -> list[int]:
    session = raw.connect(name="test rival")
    try:
        with context.raw_transaction(session, acme.schema_name) as cursor:
            return people.meet(cursor, senders).contacts
    finally:
        session.close()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([sender("5511988887777")], [sender("551188887777")]),
        ([sender("5511988887777", "BR.1")], [sender("5511988887777"), sender("", "BR.1")]),
        ([sender("5511988887777", "BR.1")], [sender("", "BR.1")]),
        ([sender("", "BR.1")], [sender("5511988887777", "BR.1"), sender("5511900000000")]),
    ],
    ids=["spelling", "one is two", "half known", "two are one"],
)
def test_the_second_of_two_writers_takes_the_first_one_s_people(acme, claims, ours, theirs):
    with ThreadPoolExecutor() as pool:
        with context.raw_transaction(claims, acme.schema_name) as cursor:
            first = people.meet(cursor, ours).contacts
            rival = pool.submit(resolve, acme, *theirs)
            until_waiting("test rival")
        second = rival.result()

    assert first[0] in second
    with context.tenant(acme.schema_name):
        assert set(Contact.objects.values_list("pk", flat=True)) == {*first, *second}
        for identity in ContactIdentity.objects.all():
            assert identity.contact_id in {*first, *second}


def test_senders_that_share_names_in_a_chain_are_one_new_contact(acme):
    found = resolve(
        acme, sender("5511988887777"), sender("", "BR.1"), sender("5511988887777", "BR.1")
    )

    assert len(set(found)) == 1
    with context.tenant(acme.schema_name):
        assert Contact.objects.count() == 1
        assert ContactIdentity.objects.count() == 2
