"""The routes of contacts: who is listed, added and changed, and who becomes one person."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from conversations.models import Contact, ContactAttribute, ContactIdentity, Conversation
from conversations.services import attributes, contacts
from tenants import context
from tenants.errors import NotFoundError
from tenants.models import AuditEvent
from tests.api import Api, api_of, check_problem
from tests.conversations.sending import conversation_with, message_in
from tests.polling import until_waiting

pytestmark = pytest.mark.django_db
NUMBER = "5511987654321"


@pytest.fixture
def base(acme, phones) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


@pytest.fixture
def admin(people) -> Api:
    return api_of(people["admin@acme.test"])


def person(name: str, value: str, *, tenant, kind: str = "WA_ID", **fields) -> Contact:
    with context.tenant(tenant.schema_name):
        made = Contact.objects.create(profile_name=name, **fields)
        ContactIdentity.objects.create(contact=made, kind=kind, value=value, match_key=value)
        return made


@pytest.mark.parametrize("number", ["+5511987654321", "+55 (11) 98765-4321", "+551187654321"])
def test_a_number_is_one_person_in_every_spelling(ana, base, acme, number):
    made = ana.post(f"{base}/contacts/", {"number": "+5511987654321", "name": "Marina"})
    again = ana.post(f"{base}/contacts/", {"number": number, "name": "Outra"})

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert made.json()["name"] == "Marina"
    assert made["Location"] == f"{base}/contacts/{made.json()['id']}/"
    with context.tenant(acme.schema_name):
        assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"number": "11987654321"}, "invalid"),
        ({"number": "+"}, "invalid"),
        ({"number": "+1234567"}, "number_invalid"),
        ({"number": "+5511987654321", "name": "a" * 201}, "invalid"),
        ({"number": "+5511987654321", "name": "\f" + "a" * 200}, "invalid"),
        ({"number": "+5511987654321", "wa_id": "1"}, "invalid"),
    ],
)
def test_an_odd_person_is_refused(ana, base, acme, body, code):
    check_problem(ana.post(f"{base}/contacts/", body), 400, code)
    with context.tenant(acme.schema_name):
        assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Rui", "Caio", "Marina"]),
        ("search=mari", ["Marina"]),
        ("search=11 98765", ["Marina"]),
        ("search=BR.77", ["Rui"]),
        ("search=%25", []),
        ("marketing=STOPPED", ["Caio"]),
        ("marketing=NOT_STOPPED", ["Rui", "Marina"]),
        ("limit=1", ["Rui"]),
    ],
)
def test_the_list_has_who_is_looked_for(ana, base, acme, query, names):
    person("Marina", NUMBER, tenant=acme)
    person("Caio", "5521912345678", tenant=acme, marketing_opted_out_at=timezone.now())
    person("Rui", "BR.771", tenant=acme, kind="BSUID")

    listed = ana.get(f"{base}/contacts/?{query}").json()["results"]

    assert [one["profile_name"] for one in listed] == names


def test_what_is_kept_of_contacts_is_defined_and_has_to_fit(admin, ana, base, acme):
    one = person("Marina", NUMBER, tenant=acme)
    place = f"{base}/contacts/{one.pk}/"
    for key, kind, choices in (
        ("cpf", "TEXT", []),
        ("compras", "NUMBER", []),
        ("desde", "DATE", []),
        ("vip", "BOOLEAN", []),
        ("loja", "CHOICE", ["Centro", "Sul"]),
    ):
        body = {"key": key, "label": key.title(), "kind": kind, "choices": choices}
        assert admin.post(f"{base}/contact-attributes/", body).status_code == 201
    values = {"cpf": "1", "compras": 2.5, "desde": "2024-02-29", "vip": False, "loja": "Sul"}

    assert ana.tell("PATCH", place, {"attributes": values}).json()["attributes"] == values
    less = ana.tell("PATCH", place, {"attributes": {"cpf": None, "vip": True}}).json()
    assert less["attributes"] == {**{k: v for k, v in values.items() if k != "cpf"}, "vip": True}
    wrong = {"cpf": "", "compras": True, "desde": "2023-02-29", "vip": 1, "loja": "x", "y": 1}
    problem = check_problem(ana.tell("PATCH", place, {"attributes": wrong}), 400, "invalid")
    assert {error["pointer"] for error in problem["errors"]} == {
        f"#/attributes/{key}" for key in wrong
    }
    assert ana.get(place).json() == less


def test_an_attribute_in_use_goes_only_if_that_is_meant(admin, ana, base, acme):
    one = person("Marina", NUMBER, tenant=acme)
    made = admin.post(f"{base}/contact-attributes/", {"key": "cpf", "label": "CPF", "kind": "TEXT"})
    ana.tell("PATCH", f"{base}/contacts/{one.pk}/", {"attributes": {"cpf": "1"}})
    place = made["Location"]

    renamed = admin.tell("PATCH", place, {"label": "Documento"}).json()
    assert (renamed["label"], renamed["key"]) == ("Documento", "cpf")
    check_problem(admin.tell("PATCH", place, {"choices": ["a"]}), 400, "attribute_choices")
    check_problem(admin.send("DELETE", place), 409, "attribute_in_use")
    assert admin.send("DELETE", f"{place}?with_values=true").status_code == 204
    assert ana.get(f"{base}/contacts/{one.pk}/").json()["attributes"] == {}
    assert ana.get(f"{base}/contact-attributes/").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"key": "CPF", "label": "a", "kind": "TEXT"}, 400, "invalid"),
        ({"key": "cpf", "label": "a", "kind": "text"}, 400, "invalid"),
        ({"key": "cpf", "label": "a", "kind": "TEXT", "choices": ["a"]}, 400, "attribute_choices"),
        ({"key": "loja", "label": "a", "kind": "CHOICE"}, 400, "attribute_choices"),
        (
            {"key": "loja", "label": "a", "kind": "CHOICE", "choices": ["a", "a"]},
            400,
            "attribute_choices",
        ),
        ({"key": "known", "label": "a", "kind": "TEXT"}, 409, "attribute_exists"),
    ],
)
def test_an_odd_attribute_is_refused(admin, base, acme, body, status, code):
    with context.tenant(acme.schema_name):
        ContactAttribute.objects.create(key="known", label="K", kind="TEXT")

    check_problem(admin.post(f"{base}/contact-attributes/", body), status, code)


def test_an_operator_defines_none(ana, base):
    body = {"key": "cpf", "label": "CPF", "kind": "TEXT"}
    check_problem(ana.post(f"{base}/contact-attributes/", body), 403, "forbidden")


def test_what_was_deleted_meanwhile_stays_deleted(acme, actor):
    admin = actor("admin@acme.test")
    with context.tenant(acme.schema_name):
        attribute = ContactAttribute.objects.create(key="cpf", label="CPF", kind="TEXT")
        ContactAttribute.objects.all().delete()

        with pytest.raises(NotFoundError):
            attributes.change(actor=admin, attribute=attribute, label="Documento")
        with pytest.raises(NotFoundError):
            attributes.delete(actor=admin, attribute=attribute)
        assert not ContactAttribute.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_value_that_is_being_written_goes_with_its_attribute(acme, actor, people):
    admin, one = actor("admin@acme.test"), person("Marina", NUMBER, tenant=acme)
    with context.tenant(acme.schema_name):
        attribute = ContactAttribute.objects.create(key="cpf", label="CPF", kind="TEXT")

    def delete() -> int:
        try:
            with context.tenant(acme.schema_name), transaction.atomic():
                connection.cursor().execute("SET LOCAL application_name = 'an admin'")
                return attributes.delete(actor=admin, attribute=attribute, with_values=True)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, context.tenant(acme.schema_name):
        with transaction.atomic():
            contacts.change(actor=admin, contact=one, attributes={"cpf": "1"})
            deleting = pool.submit(delete)
            until_waiting("an admin")
        assert deleting.result() == 1
        one.refresh_from_db()

    assert one.attributes == {}


@pytest.fixture
def two(acme, phones):
    """An older contact with a number and a younger one without, each with a conversation."""
    with context.tenant(acme.schema_name):
        first = conversation_with(NUMBER, phone=phones["acme"], opened_at=timezone.now())
        second = conversation_with(
            "BR.1", phone=phones["acme"], opened_at=timezone.now(), kind="BSUID"
        )
        message_in(second, status="RECEIVED", wamid="w1")
        Contact.objects.filter(pk=first.contact_id).update(attributes={"a": 1})
        Contact.objects.filter(pk=second.contact_id).update(
            attributes={"a": 2, "b": 3}, name="Mari"
        )
        return first, second


@pytest.mark.parametrize("turned", [False, True])
def test_two_become_the_older_one_with_what_both_have(ana, base, acme, two, turned):
    first, second = two
    kept, gone = first.contact_id, second.contact_id
    asked, other = (gone, kept) if turned else (kept, gone)
    place = f"{base}/contacts/{asked}/merge"

    dry = ana.post(place, {"other": other, "dry_run": True}).json()
    assert (dry["kept"]["id"], dry["gone"], dry["dry_run"]) == (kept, gone, True)
    assert ana.get(f"{base}/contacts/{gone}/").status_code == 200

    done = ana.post(place, {"other": other}).json()
    assert done["kept"]["attributes"] == {"a": 1, "b": 3}
    assert done["kept"]["name"] == "Mari"
    problem = check_problem(ana.get(f"{base}/contacts/{gone}/"), 410, "merged")
    assert problem["merged_into"] == kept
    check_problem(ana.post(place, {"other": other}), 410, "merged")
    with context.tenant(acme.schema_name):
        assert Conversation.objects.get(merged_into=None).pk == first.pk
        assert first.messages.count() == 1
    with context.platform():
        assert AuditEvent.objects.get(action="contact.merged").changes == {"gone": gone}


def test_whom_whatsapp_keeps_apart_stays_apart(ana, base, acme, two):
    first, _second = two
    other = person("Caio", "5521912345678", tenant=acme)
    place = f"{base}/contacts/{first.contact_id}/merge"

    check_problem(ana.post(place, {"other": other.pk}), 409, "contacts_apart")
    check_problem(ana.post(place, {"other": first.contact_id}), 409, "same_contact")
    check_problem(ana.post(place, {"other": 999999}), 404, "not_found")
    assert ana.get(f"{base}/contacts/{other.pk}/").status_code == 200


def test_contacts_are_a_tenants_own(people, base, two, globex, ana):
    first, _second = two
    stranger = api_of(people["admin@globex.test"], public=True)
    viewer = api_of(people["vera@acme.test"])
    theirs = [person("X", uuid4().hex, tenant=globex) for _ in range(4)][-1]
    place = f"{base}/contacts/{first.contact_id}"

    check_problem(stranger.get(f"{base}/contacts/"), 404, "not_found")
    check_problem(stranger.post(f"{base}/contacts/", {"number": f"+{NUMBER}"}), 404, "not_found")
    check_problem(ana.post(f"{place}/merge", {"other": theirs.pk}), 404, "not_found")
    check_problem(viewer.post(f"{place}/merge", {"other": 1}), 403, "forbidden")
    check_problem(viewer.post(f"{base}/contacts/", {"number": f"+{NUMBER}"}), 403, "forbidden")
