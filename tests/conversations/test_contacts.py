"""Naming contacts, and addresses of what was merged: pages and API."""

from uuid import uuid4

import pytest

from conversations.models import Contact, Conversation
from conversations.services import contacts, merging, outbound, people, reading
from tenants import context
from tenants.db import raw
from tenants.feed import live
from tenants.feed.models import Change
from tests.api import api_of, check_problem
from tests.conversations.inboxes import open_elsewhere, open_with, tags_of
from whatsapp.payloads import Sender

pytestmark = pytest.mark.django_db(transaction=True)
PART = {"HX-Request": "true"}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def foreign(globex, phones, conversation):
    """A conversation of globex with ids that acme has not given."""
    return open_elsewhere(globex, phones["globex"], unlike=conversation)


@pytest.fixture
def merged(acme, phones, conversation):
    """A conversation that was merged into the first one."""
    with context.tenant(acme.schema_name):
        other = open_with(phones["acme"], "João Pereira", "5511977770001")
    session = raw.connect(name="test merge")
    with context.raw_transaction(session, acme.schema_name) as cursor:
        gone = {other.contact_id: conversation.contact_id}
        merging.move_identities(cursor, gone)
        merging.merge(cursor, gone)
        live.take(cursor, merging.join(cursor, gone))
    session.close()
    return other


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def name_of(acme, conversation):
    with context.tenant(acme.schema_name):
        return Contact.objects.get(pk=conversation.contact_id).name


def rename(browser, pk, name="Mari do ateliê", headers=None):
    return browser.post(f"/inbox/{pk}/contact", {"name": name}, headers=headers)


def path(tenant, rest):
    return f"/api/v1/tenant/{tenant.pk}/{rest}"


def patch(api, tenant, pk, body):
    return api.client.patch(
        path(tenant, f"contacts/{pk}/"),
        body,
        content_type="application/json",
        headers=api.headers,
    )


# --- The page ---------------------------------------------------------------------------------


def test_an_operator_names_a_contact_and_every_page_hears_of_it(ana, acme, conversation):
    response = rename(ana, conversation.pk, "  Mari   do ateliê ", PART)

    pk = conversation.pk
    assert (response.status_code, response["HX-Trigger"]) == (204, "inbox:behind")
    changes = ana.get(f"/inbox/changes?after=1&open={pk}", headers=PART).content.decode()
    assert {f"row-{pk}", f"header-{pk}", f"details-{pk}"} <= {
        tag.get("id") for _, tag in tags_of(changes)
    }
    assert changes.count("Mari do ateliê") > 2
    assert name_of(acme, conversation) == "Mari do ateliê"
    with context.tenant(acme.schema_name):
        told, last = Change.objects.order_by("-seq")[:2][::-1]
        assert (told.kind, told.conversation_id) == ("CONVERSATION", pk)
        assert (last.kind, last.subject_id) == ("CONTACT", conversation.contact_id)
    assert "Mari do ateliê" in ana.get("/inbox/").content.decode()


def test_without_a_script_the_form_leads_back(ana, acme, conversation):
    response = rename(ana, conversation.pk)

    assert (response.status_code, response["Location"]) == (302, f"/inbox/{conversation.pk}/")
    rename(ana, conversation.pk, "")
    assert name_of(acme, conversation) == ""


def test_a_foreign_contact_is_not_there(ana, foreign):
    assert rename(ana, foreign.pk).status_code == 404


def test_a_viewer_sees_no_form_and_may_not_name(page, acme, conversation):
    vera = page("vera@acme.test")

    assert "rename" not in vera.get(f"/inbox/{conversation.pk}/").content.decode()
    assert rename(vera, conversation.pk).status_code == 403
    assert name_of(acme, conversation) == ""


@pytest.mark.parametrize("headers", [None, PART])
def test_a_name_that_is_too_long_is_refused(ana, acme, conversation, headers):
    response = rename(ana, conversation.pk, "x" * 201, headers)

    assert response.status_code == 400
    assert "200 characters" in response.content.decode()
    assert name_of(acme, conversation) == ""


def test_the_same_name_again_is_no_change(actor, acme, conversation):
    with context.tenant(acme.schema_name):
        before = Change.objects.count()
        for _ in range(2):
            contacts.change(
                actor=actor("ana@acme.test"), contact=conversation.contact, name="Mari\x00"
            )
        assert Change.objects.count() == before + 2  # the conversation's, and the contact's


def test_the_name_on_whatsapp_never_wins_over_the_operator_s(ana, acme, conversation, noon):
    rename(ana, conversation.pk)
    session = raw.connect(name="test profile")
    with context.raw_transaction(session, acme.schema_name) as cursor:
        people.meet(cursor, [(Sender("5511988412203", "", "", "Mariana 🌸"), noon)])
    session.close()

    with context.tenant(acme.schema_name):
        contact = Contact.objects.get(pk=conversation.contact_id)
    assert (contact.name, contact.profile_name) == ("Mari do ateliê", "Mariana 🌸")


# --- What was merged, on pages ----------------------------------------------------------------


def test_a_merged_conversation_s_address_leads_to_the_kept_one(ana, conversation, merged):
    for headers in (None, PART):
        response = ana.get(f"/inbox/{merged.pk}/", headers=headers)
        assert (response.status_code, response["Location"]) == (302, f"/inbox/{conversation.pk}/")


def test_a_page_that_shows_it_goes_to_the_kept_one(ana, acme, conversation, merged):
    with context.tenant(acme.schema_name):
        seq = Change.objects.filter(conversation_id=merged.pk, kind="MESSAGE").latest("seq").seq

    changes = ana.get(f"/inbox/changes?after={seq}&open={merged.pk}", headers=PART)
    assert changes["HX-Redirect"] == f"/inbox/{conversation.pk}/"
    assert int(changes["X-Last-Seq"]) > seq
    others = ana.get(f"/inbox/changes?after={seq}", headers=PART).content.decode()
    assert f'<li id="row-{merged.pk}" hx-swap-oob="delete">' in others
    assert f'id="row-{conversation.pk}"' in others


def test_a_reply_to_it_goes_into_the_kept_one(ana, acme, conversation, merged):
    data = {"text": "Olá!", "client_id": uuid4()}
    response = ana.post(f"/inbox/{merged.pk}/reply", data, headers=PART)

    assert response["HX-Redirect"] == f"/inbox/{conversation.pk}/"
    with context.tenant(acme.schema_name):
        kept = Conversation.objects.get(pk=conversation.pk)
        assert kept.last_message.text == "Olá!"
        assert kept.messages.count() == 3


def test_a_refused_reply_to_it_says_why(ana, conversation, merged):
    data = {"text": "Olá!", "client_id": uuid4(), "seen": 0}
    response = ana.post(f"/inbox/{merged.pk}/reply", data, headers=PART)

    assert response.status_code == 409 and "HX-Retarget" not in response
    assert "2 new messages" in response.content.decode()


def test_reading_it_reads_the_kept_one(ana, acme, conversation, merged):
    ana.post(f"/inbox/{merged.pk}/read", {"up_to": 2}, headers=PART)

    with context.tenant(acme.schema_name):
        assert Conversation.objects.get(pk=conversation.pk).unread_count == 0


def test_it_is_in_no_list(ana, merged, conversation):
    assert f'id="row-{merged.pk}"' not in ana.get("/inbox/").content.decode()


def test_a_merge_between_look_and_lock_is_noticed(actor, acme, conversation, merged, noon):
    ana = actor("ana@acme.test")
    with context.tenant(acme.schema_name):
        with pytest.raises(outbound.MergedError) as refused:
            outbound.send_text(
                actor=ana, conversation=merged, text="Olá!", client_id=uuid4(), now=noon
            )
        assert refused.value.into == conversation.pk
        with pytest.raises(contacts.MergedError):
            contacts.change(actor=ana, contact=merged.contact, name="x")
        assert not reading.mark_read(actor=ana, conversation=merged, up_to_id=99)


# --- The API ----------------------------------------------------------------------------------


@pytest.fixture
def client_of(people):
    return lambda address: api_of(people[address])


def test_the_api_names_a_contact(client_of, acme, conversation):
    ana, pk = client_of("ana@acme.test"), conversation.contact_id

    response = patch(ana, acme, pk, {"name": "Mari"})

    assert response.status_code == 200, response.content
    assert response.json() == ana.get(path(acme, f"contacts/{pk}/")).json()
    assert response.json()["name"] == "Mari" and response.json()["wa_id"] == "5511988412203"
    assert name_of(acme, conversation) == "Mari"


def test_the_api_does_not_know_a_foreign_contact(client_of, acme, foreign):
    ana = client_of("ana@acme.test")

    check_problem(ana.get(path(acme, f"contacts/{foreign.contact_id}/")), 404, "not_found")
    check_problem(patch(ana, acme, foreign.contact_id, {"name": "x"}), 404, "not_found")


def test_a_viewer_may_read_a_contact_and_not_name_it(client_of, acme, conversation):
    vera, pk = client_of("vera@acme.test"), conversation.contact_id

    assert vera.get(path(acme, f"contacts/{pk}/")).status_code == 200
    check_problem(patch(vera, acme, pk, {"name": "x"}), 403, "forbidden")


@pytest.mark.parametrize("body", [{}, {"name": 5}, {"name": "x" * 201}, {"nome": "x"}, []])
def test_the_api_refuses_odd_names(client_of, acme, conversation, body):
    problem = check_problem(
        patch(client_of("ana@acme.test"), acme, conversation.contact_id, body), 400, "invalid"
    )
    assert problem["errors"]


def test_the_api_says_where_a_merged_one_is(client_of, acme, conversation, merged):
    ana = client_of("ana@acme.test")

    for rest in (f"conversations/{merged.pk}/", f"conversations/{merged.pk}/messages"):
        assert check_problem(ana.get(path(acme, rest)), 410, "merged")["merged_into"] == (
            conversation.pk
        )
    body = {"conversation": merged.pk, "type": "text", "text": {"body": "Olá!"}}
    refused = check_problem(ana.post(path(acme, "messages/send"), body), 410, "merged")
    assert refused["merged_into"] == conversation.pk
    for response in (
        ana.get(path(acme, f"contacts/{merged.contact_id}/")),
        patch(ana, acme, merged.contact_id, {"name": "x"}),
    ):
        problem = check_problem(response, 410, "merged")
        assert problem["merged_into"] == conversation.contact_id
    listed = ana.get(path(acme, "conversations/")).json()["results"]
    assert [row["id"] for row in listed] == [conversation.pk]
