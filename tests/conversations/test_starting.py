"""Writing to somebody who has never written: one person under every spelling, nothing half made."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Contact, ContactIdentity, Conversation, Message
from conversations.services import addressing, delivery, inbound, outbound, starting
from tenants import context
from tenants.errors import ForbiddenError, NotFoundError
from tests.api import api_of, check_problem
from tests.conversations.events import body, change, contact, deliver, text
from tests.conversations.inboxes import ids_of
from tests.conversations.sending import conversation_with, message_in
from tests.whatsapp import raw_meta
from tests.whatsapp.templates import template
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db
NEW = "+55 11 98765-4321"
VALUES = {"body.1": "Ana", "body.2": "A-7"}


@pytest.fixture
def start(acme, actor, phones):
    def act(number=NEW, **changes) -> Conversation:
        with context.tenant(acme.schema_name):
            values = {"actor": actor("ana@acme.test"), "phone": phones["acme"]}
            values |= {"number": number, "now": timezone.now(), **changes}
            return starting.conversation_with(**values)

    return act


@pytest.fixture
def ana(people):
    return api_of(people["ana@acme.test"])


@pytest.fixture
def url(acme):
    return f"/api/v1/tenant/{acme.pk}/messages"


def rows(acme) -> tuple[int, int]:
    with context.tenant(acme.schema_name):
        return Contact.objects.count(), Conversation.objects.count()


def ask(**changes) -> dict:
    names = {"name": "pedido_saiu", "language": "pt_BR"}
    return {"to": NEW, "template": names, "values": VALUES, **changes}


def test_somebody_new_gets_a_contact_and_a_conversation(acme, start):
    found = start()

    with context.tenant(acme.schema_name):
        identity = ContactIdentity.objects.get(contact=found.contact_id)
    assert (identity.kind, identity.value) == ("WA_ID", "5511987654321")
    assert (found.status, found.window_opened_at, found.last_message_id) == ("OPEN", None, None)


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("5511987654321", "+55 11 98765-4321"),
        ("551187654321", "+55 11 98765-4321"),
        ("5511987654321", "11 98765-4321"),
        ("5511987654321", "5511987654321"),
        ("5511987654321", "(011) 98765.4321"),
        ("5491123456789", "+54 11 2345-6789"),
        ("541123456789", "+54 9 11 2345-6789"),
        ("5215512345678", "+52 55 1234 5678"),
        ("525512345678", "+52 1 55 1234 5678"),
        ("16505551234", "+1 (650) 555-1234"),
    ],
)
def test_the_known_person_is_found_under_every_spelling(acme, phones, start, known, typed):
    with context.tenant(acme.schema_name):
        kept = conversation_with(known, phone=phones["acme"], opened_at=None)

    assert start(typed) == kept
    assert rows(acme) == (1, 1)


def test_the_same_number_twice_is_one_conversation(acme, start):
    assert start() == start("11987654321")
    assert rows(acme) == (1, 1)


def test_each_of_our_numbers_has_its_own(acme, phones, start):
    first = start()
    with context.tenant(acme.schema_name):
        other = Phone.objects.create(
            phone_number_id="999", waba_id="9", display_phone_number="+55 11 4000-1009"
        )

    second = start(phone=other)

    assert first != second and first.contact == second.contact


def test_an_archived_conversation_is_open_again(acme, phones, start):
    with context.tenant(acme.schema_name):
        kept = conversation_with("5511987654321", phone=phones["acme"], opened_at=None)
        Conversation.objects.update(status="ARCHIVED")

    assert start() == kept
    with context.tenant(acme.schema_name):
        assert Conversation.objects.get().status == "OPEN"


@pytest.mark.parametrize(
    "number", ["", "abc", "190", "+55", "+999123456", "123456789012345678", "+5511987654321098"]
)
def test_what_is_no_number_is_refused(acme, start, number):
    with pytest.raises(addressing.NumberInvalidError):
        start(number)
    assert rows(acme) == (0, 0)


def test_a_number_that_is_switched_off_begins_nothing(acme, phones, start):
    phones["acme"].status = "INACTIVE"

    with pytest.raises(outbound.PhoneInactiveError):
        start()


def test_only_operators_of_the_tenant_begin(start, actor):
    with pytest.raises(ForbiddenError):
        start(actor=actor("vera@acme.test"))
    with pytest.raises(NotFoundError):
        start(actor=actor("ana@globex.test"))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(acme, start):
    found, barrier = [], threading.Barrier(4)

    def begin() -> None:
        barrier.wait()
        found.append(start().pk)
        connection.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(found) == 4 and len(set(found)) == 1
    assert rows(acme) == (1, 1)


# --- the API ------------------------------------------------------------------------------------
def test_a_template_goes_to_somebody_new_once(acme, ana, url, phones):
    with context.tenant(acme.schema_name):
        template()

    answers = [ana.post(f"{url}/template", ask(), Idempotency_Key="k") for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert rows(acme) == (1, 1)
    with context.tenant(acme.schema_name):
        message = Message.objects.get()
        assert Conversation.objects.get().last_message_id == message.pk


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"values": {}}, 400, "invalid"),
        ({"to": "+5511"}, 400, "invalid"),
        ({"to": "+551190000"}, 400, "number_invalid"),
        ({"phone": 999}, 404, "not_found"),
        ({"template": {"name": "no", "language": "pt_BR"}}, 409, "template_unknown"),
    ],
)
def test_a_refusal_leaves_nobody_behind(acme, ana, url, phones, changes, status, code):
    with context.tenant(acme.schema_name):
        template()

    check_problem(ana.post(f"{url}/template", ask(**changes)), status, code)
    assert rows(acme) == (0, 0)


def test_free_words_to_somebody_new_are_refused_with_the_reason(acme, ana, url, phones):
    words = {"to": NEW, "type": "text", "text": {"body": "Oi"}}

    check_problem(ana.post(f"{url}/send", words), 409, "window_closed")
    assert rows(acme) == (0, 0)


def test_whom_the_api_of_another_tenant_writes_to_is_not_ours(acme, people, url, phones):
    with context.tenant(acme.schema_name):
        template()

    viewer = api_of(people["vera@acme.test"])
    check_problem(viewer.post(f"{url}/template", ask()), 403, "forbidden")
    foreign = api_of(people["ana@globex.test"], public=True)
    check_problem(foreign.post(f"{url}/template", ask()), 404, "not_found")
    assert rows(acme) == (0, 0)


def test_a_conversation_without_words_is_in_no_list(acme, ana, page, start):
    found = start()

    browser = page("ana@acme.test")
    assert ids_of(browser.get("/inbox/")) == []
    assert ana.get(f"/api/v1/tenant/{acme.pk}/conversations/").json()["results"] == []
    html = browser.get(f"/inbox/{found.pk}/").content.decode()
    assert "No messages yet." in html and "Send a template" in html


# --- the page -----------------------------------------------------------------------------------
def test_the_page_leads_to_the_conversation(acme, page, phones):
    browser = page("ana@acme.test")
    html = browser.get("/inbox/new").content.decode()
    assert phones["acme"].display_phone_number in html
    assert 'href="/inbox/new"' in browser.get("/inbox/").content.decode()

    response = browser.post("/inbox/new", {"number": "11 98765-4321", "phone": phones["acme"].pk})

    with context.tenant(acme.schema_name):
        found = Conversation.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/inbox/{found.pk}/")


@pytest.mark.parametrize(
    ("number", "phone"), [("190", None), ("", None), (NEW, "999"), (NEW, ""), (NEW, "x")]
)
def test_the_page_says_what_is_wrong(acme, page, phones, number, phone):
    data = {"number": number, "phone": phones["acme"].pk if phone is None else phone}
    response = page("ana@acme.test").post("/inbox/new", data)

    assert response.status_code == 400
    assert 'class="error"' in response.content.decode()
    assert rows(acme) == (0, 0)


def test_the_page_is_for_operators(acme, page, phones):
    vera = page("vera@acme.test")

    assert vera.get("/inbox/new").status_code == 403
    assert "/inbox/new" not in vera.get("/inbox/").content.decode()
    foreign = {"number": NEW, "phone": phones["acme"].pk + 1000}
    assert page("ana@globex.test").post("/inbox/new", foreign).status_code == 400
    assert rows(acme) == (0, 0)


def test_without_a_number_there_is_nothing_to_write_from(page, acme):
    assert "No number is connected" in page("ana@acme.test").get("/inbox/new").content.decode()


# --- what Meta answers --------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_spelling_that_whatsapp_has_is_learnt(acme, actor, phones, meta_app, settings):
    """Typed with the ninth digit, answered and written without it: one person, one thread."""
    with context.tenant(acme.schema_name):
        made = template()
        message = starting.send_template(
            actor=actor("ana@acme.test"),
            number=NEW,
            phone=phones["acme"],
            template=made,
            values=VALUES,
            client_id=uuid4(),
            now=timezone.now(),
        )

        def accept(to, _request):
            raw_meta.answer(to, raw_meta.accepted("wamid.sent", wa_id="551187654321"))

        with raw_meta.serving(accept) as meta:
            settings.GRAPH_API_URL = meta.url
            delivery.drain(phone_id=phones["acme"].pk)
        assert meta.requests[0].body["to"] == "+5511987654321"
        assert ContactIdentity.objects.get().value == "551187654321"

    said = {**text("wamid.in"), "from": "551187654321"}
    deliver(meta_app, body(change(messages=[said], contacts=[contact("551187654321")])))
    inbound.process_deliveries()

    assert rows(acme) == (1, 1)
    with context.tenant(acme.schema_name):
        assert set(Message.objects.values_list("conversation", flat=True)) == {
            message.conversation_id
        }


def test_a_known_window_is_kept(acme, phones, start):
    opened = timezone.now() - timedelta(hours=1)
    with context.tenant(acme.schema_name):
        kept = conversation_with("5511987654321", phone=phones["acme"], opened_at=opened)
        message_in(kept, status="RECEIVED", wamid="wamid.1")

    assert start().window_opened_at == opened
