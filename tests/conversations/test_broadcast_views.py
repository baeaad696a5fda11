"""The pages of broadcasts: from a list to what became of each row, for those who may."""

import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.models import (
    Broadcast,
    BroadcastRecipient,
    BroadcastSource,
    Conversation,
    Message,
)
from conversations.services.broadcasts import intake
from tenants import context, queue
from tests.conversations import lists
from tests.conversations.inboxes import add
from tests.conversations.sending import conversation_with
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate

pytestmark = pytest.mark.django_db
CSV = "Telefone;Nome;Pedido\n+55 11 98765-4321;Ana;A-7\n11 98765-4322;Bia;B-8\nnada;Caio;C-9\n"
FILLED = {"number": "Telefone", "column.body.1": "Nome", "text.body.2": "A-1"}
HTMX = {"HX-Request": "true"}
READ = ("", "rows", "rows.csv")
ACTS = ("start", "pause", "resume", "retry", "cancel", "discard", "test")


@pytest.fixture(autouse=True)
def _no_nudges(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture
def approved(acme, phones) -> MessageTemplate:
    with context.tenant(acme.schema_name):
        return template()


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


@pytest.fixture
def upload(ana, phones, approved):
    def send(body=CSV, client=ana, **changes):
        file = SimpleUploadedFile("lista.csv", body.encode(), "text/csv")
        form = {"client_id": str(uuid4()), "name": "Natal", "phone": str(phones["acme"].pk)}
        form |= {"template": str(approved.pk), "kind": "FILE", "file": file, **changes}
        return client.post("/broadcasts/new", form)

    return send


@pytest.fixture
def made(acme, phones, actor):
    """Return a broadcast of three rows: ``made(status="RUNNING")``."""

    def make(count=3, **fields) -> Broadcast:
        with context.tenant(acme.schema_name):
            author = actor("ana@acme.test").user
            known = MessageTemplate.objects.first()
            return lists.broadcast_to(
                lists.numbers(count), phone=phones["acme"], author=author, approved=known, **fields
            )

    return make


def read(tenant) -> Broadcast:
    """Do what the task does; returns the draft."""
    with context.tenant(tenant.schema_name):
        found = Broadcast.objects.get()
        intake.prepare(broadcast_id=found.pk)
        return Broadcast.objects.get()


def test_a_list_becomes_a_draft_and_is_started(acme, ana, upload):
    answer = upload()
    assert answer.status_code == 302
    columns = ana.get(answer["Location"])
    assert columns.status_code == 200
    assert '<option value="Nome"' in columns.content.decode()

    prepared = ana.post(answer["Location"], FILLED)
    address = prepared["Location"]
    assert "every 2s" in ana.get(address).content.decode()
    draft = read(acme)

    assert (draft.status, draft.total) == ("DRAFT", 3)
    shown = ana.get(address).content.decode()
    assert "<strong>2</strong> people will be written to." in shown
    assert "Olá Ana, seu pedido A-1 saiu." in shown
    assert "This is no telephone number." in shown
    assert "every 2s" not in shown
    asked = ana.get(f"{address}start").content.decode()
    assert "Write to 2 people" in " ".join(asked.split())
    assert ana.post(f"{address}start")["Location"] == address
    with context.tenant(acme.schema_name):
        assert Broadcast.objects.get().status == "RUNNING"
        assert not BroadcastSource.objects.exists()


def test_the_columns_are_guessed_by_their_names(acme, ana, upload, approved):
    body = {"type": "BODY", "text": "Olá {{nome}}, pedido {{pedido}}."}
    with context.tenant(acme.schema_name):
        MessageTemplate.objects.filter(pk=approved.pk).update(
            components=[body], parameter_format="NAMED"
        )

    page = ana.get(upload()["Location"]).content.decode()

    assert "Olá Ana, pedido A-7." in page
    assert "Olá Bia, pedido B-8." in page


def test_the_preview_follows_what_is_chosen(ana, upload):
    address = upload()["Location"]

    part = ana.post(address, FILLED, headers=HTMX)
    plain = ana.post(address, {**FILLED, "preview": "1"})

    assert part.status_code == plain.status_code == 200
    assert part.content.decode().lstrip().startswith("<section")
    for answer in (part, plain):
        assert "Olá Bia, seu pedido A-1 saiu." in answer.content.decode()


def test_a_draft_without_rows_is_not_called_ready(ana, upload, made):
    upload()
    assert "Not ready yet" in ana.get("/broadcasts/").content.decode()
    made()
    assert "Ready to start" in ana.get("/broadcasts/").content.decode()


def test_what_was_wrong_is_said_in_the_reader_s_language(acme, ana, upload):
    address = upload()["Location"]
    with context.tenant(acme.schema_name):
        Broadcast.objects.update(problem="The list is empty.")

    shown = ana.get(address, headers={"Accept-Language": "pt-BR"}).content.decode()

    assert "A lista está vazia." in shown


def test_a_field_that_nothing_fills_is_asked_for(ana, upload):
    answer = ana.post(upload()["Location"], {"number": "Telefone", "text.body.1": "Ana"})

    assert answer.status_code == 400
    assert "Choose a column, or write the text." in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file": ""}, "Choose the file with the list."),
        ({"name": ""}, "This field is required."),
        ({"template": "9999"}, "Select a valid choice."),
        ({"body": ""}, "The list is empty."),
        ({"body": "a,a\n1,2\n"}, "Two columns are called"),
        ({"kind": "CONTACTS", "q": "nobody"}, "No contact is as you ask."),
        ({"kind": "CONTACTS", "marketing": "ODD"}, "Select a valid choice."),
        ({"kind": "CONTACTS", "statuses": "ODD"}, "Select a valid choice."),
        ({"kind": "CONTACTS", "wrote_within_days": "0"}, "greater than or equal to 1"),
    ],
    ids=[
        *("no-file", "no-name", "template", "empty", "columns", "nobody"),
        *("marketing", "status", "days"),
    ],
)
def test_a_list_that_will_not_do_is_refused_in_words(acme, upload, changes, words):
    answer = upload(**changes)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    with context.tenant(acme.schema_name):
        assert not Broadcast.objects.exists()


def test_contacts_of_the_inbox_are_a_list_too(acme, ana, phones, upload):
    with context.tenant(acme.schema_name):
        conversation = conversation_with("5511987654321", phone=phones["acme"], opened_at=None)
        conversation.contact.name = "Ana Lima"
        conversation.contact.save()
        conversation_with("5511987654322", phone=phones["acme"], opened_at=None)
    address = upload(kind="CONTACTS", q="lima")["Location"]
    assert 'type="hidden" name="number" value="number"' in ana.get(address).content.decode()

    ana.post(address, {"number": "number", "column.body.1": "name", "text.body.2": "A-1"})

    assert read(acme).total == 1
    with context.tenant(acme.schema_name):
        row = BroadcastRecipient.objects.get()
        assert (row.value, row.state) == ("5511987654321", "READY")
        assert row.values == {"body.1": "Ana Lima", "body.2": "A-1"}


def test_the_people_are_counted_before_anything_is_made(acme, ana, phones, upload):
    with context.tenant(acme.schema_name):
        for number in ("5511987654321", "5511987654322"):
            conversation_with(number, phone=phones["acme"], opened_at=None)
        Conversation.objects.filter(contact__identities__value="5511987654322").update(
            status="CLOSED"
        )
    form = {"client_id": str(uuid4()), "name": "", "kind": "CONTACTS", "statuses": ["CLOSED"]}

    part = ana.post("/broadcasts/new", form, headers=HTMX).content.decode()
    page = ana.post("/broadcasts/new", {**form, "name": "Natal", "count": "1"})
    wrong = ana.post("/broadcasts/new", {**form, "wrote_within_days": "x"}, headers=HTMX)

    assert part.lstrip().startswith('<span id="broadcast-people"')
    assert "1 person will be on the list." in part
    whole = page.content.decode()
    assert page.status_code == 200 and "1 person will be on the list." in whole
    assert 'value="Natal"' in whole and "This field is required." not in whole
    assert re.search(r'value="CLOSED"[^>]* checked', whole)
    assert "Enter a whole number." in wrong.content.decode()
    with context.tenant(acme.schema_name):
        assert not Broadcast.objects.exists()


def test_what_was_counted_is_what_is_written_to(acme, ana, phones, upload):
    with context.tenant(acme.schema_name):
        for number in ("5511987654321", "5511987654322"):
            conversation_with(number, phone=phones["acme"], opened_at=None)
        Conversation.objects.filter(contact__identities__value="5511987654322").update(
            status="CLOSED"
        )
    address = upload(kind="CONTACTS", statuses=["CLOSED"])["Location"]
    assert "5511987654322" in ana.get(address).content.decode()

    ana.post(address, {"number": "number", "text.body.1": "Ana", "text.body.2": "A-1"})

    assert read(acme).counts == {"READY": 1}
    with context.tenant(acme.schema_name):
        assert BroadcastRecipient.objects.get().value == "5511987654322"


def test_the_same_form_twice_makes_one(acme, upload):
    client_id = str(uuid4())

    assert upload(client_id=client_id)["Location"] == upload(client_id=client_id)["Location"]
    with context.tenant(acme.schema_name):
        assert Broadcast.objects.count() == 1


def test_the_list_says_what_a_broadcast_is_and_then_shows_them(ana, made):
    assert "sends one approved template to everybody" in ana.get("/broadcasts/").content.decode()
    made(status="RUNNING", started_at=lists.now(), counts={"READY": 2, "FAILED": 1})

    shown = " ".join(ana.get("/broadcasts/").content.decode().split())

    assert "1 of 3 (33%)" in shown
    assert "1 failed" in shown


def test_a_running_one_is_looked_at_again_until_it_is_over(ana, made):
    running = made(status="RUNNING", started_at=lists.now(), counts={"READY": 3})
    over = made(status="FINISHED", started_at=lists.now(), counts={"READ": 3})

    assert "every 2s" in ana.get(f"/broadcasts/{running.pk}/").content.decode()
    part = ana.get(f"/broadcasts/{over.pk}/", headers=HTMX).content.decode()
    assert part.lstrip().startswith(f'<div id="broadcast-{over.pk}"')
    assert "every 2s" not in part


def test_a_paused_one_is_looked_at_until_nothing_is_on_its_way(ana, made):
    fields = {"status": "PAUSED", "started_at": lists.now()}
    leaving = made(counts={"READY": 2, "SENDING": 1}, **fields)
    still = made(counts={"READY": 2, "SENT": 1}, **fields)

    assert "every 2s" in ana.get(f"/broadcasts/{leaving.pk}/").content.decode()
    assert "every 2s" not in ana.get(f"/broadcasts/{still.pk}/").content.decode()


def test_why_it_paused_by_itself_is_said_with_what_to_do(ana, made):
    paused = made(status="PAUSED", started_at=lists.now(), pause_reason="FAILURES")

    shown = ana.get(f"/broadcasts/{paused.pk}/").content.decode()

    assert "Too many of its messages failed." in shown
    assert "Look at the failed rows" in shown
    assert "Resume" in shown


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        ("DRAFT", "start", "RUNNING"),
        ("RUNNING", "pause", "PAUSED"),
        ("PAUSED", "resume", "RUNNING"),
        ("RUNNING", "cancel", "CANCELLED"),
        ("PAUSED", "cancel", "CANCELLED"),
    ],
)
def test_an_act_leads_back_to_its_page(acme, ana, made, before, act, after):
    broadcast = made(status=before, started_at=lists.now())

    answer = ana.post(f"/broadcasts/{broadcast.pk}/{act}")

    assert answer["Location"] == f"/broadcasts/{broadcast.pk}/"
    with context.tenant(acme.schema_name):
        assert lists.reloaded(broadcast).status == after


def test_a_draft_is_discarded_with_its_rows(acme, ana, made):
    broadcast = made()
    assert "Discard this draft?" in ana.get(f"/broadcasts/{broadcast.pk}/discard").content.decode()

    assert ana.post(f"/broadcasts/{broadcast.pk}/discard")["Location"] == "/broadcasts/"
    with context.tenant(acme.schema_name):
        assert not Broadcast.objects.exists() and not BroadcastRecipient.objects.exists()


def test_a_list_that_is_being_read_can_be_discarded(acme, ana, upload):
    address = ana.post(upload()["Location"], FILLED)["Location"]
    assert f'href="{address}discard"' in ana.get(address).content.decode()

    assert ana.post(f"{address}discard")["Location"] == "/broadcasts/"
    with context.tenant(acme.schema_name):
        assert not Broadcast.objects.exists() and not BroadcastSource.objects.exists()


@pytest.mark.parametrize("act", ["start", "discard", "retry", "resume"])
def test_an_act_that_its_state_forbids_is_refused(ana, made, act):
    broadcast = made(status="RUNNING", started_at=lists.now())
    if act == "retry":
        act = "start"

    assert ana.post(f"/broadcasts/{broadcast.pk}/{act}").status_code == 409


def test_a_test_goes_to_a_number_of_ones_own(acme, ana, made):
    broadcast = made()
    form = {"client_id": str(uuid4()), "number": "+55 11 91111-2222"}

    assert ana.post(f"/broadcasts/{broadcast.pk}/test", form).status_code == 302
    with context.tenant(acme.schema_name):
        message = Message.objects.get()
        assert message.text == "Olá Ana, seu pedido A-7 saiu."
        assert message.broadcast_id is None
        assert lists.reloaded(broadcast).status == "DRAFT"


def test_a_test_to_no_number_says_so(acme, ana, made):
    form = {"client_id": str(uuid4()), "number": "abc"}

    answer = ana.post(f"/broadcasts/{made().pk}/test", form, follow=True)

    assert "This is no telephone number." in answer.content.decode()
    with context.tenant(acme.schema_name):
        assert not Message.objects.exists()


def test_each_row_says_what_became_of_it_and_leads_to_the_conversation(acme, ana, phones, made):
    broadcast = made(status="FINISHED", started_at=lists.now())
    with context.tenant(acme.schema_name):
        conversation = conversation_with("5511987654321", phone=phones["acme"], opened_at=None)
        message = add(
            conversation, direction="OUTBOUND", status="FAILED", error_code=131026, text="Oi"
        )
        broadcast.recipients.filter(position=1).update(state="QUEUED", message=message)
        twice = {"state": "SKIPPED", "reason": "DUPLICATE", "first_position": 1}
        broadcast.recipients.filter(position=2).update(**twice)

    every = ana.get(f"/broadcasts/{broadcast.pk}/rows").content.decode()
    failed = ana.get(f"/broadcasts/{broadcast.pk}/rows?state=failed").content.decode()
    second = ana.get(f"/broadcasts/{broadcast.pk}/rows?state=left_out&reason=DUPLICATE")

    assert f"/inbox/{conversation.pk}/" in every
    assert "The same person stands on the list already. Row 1 came first." in every
    assert "+5511800000000" in failed and "+5511800000001" not in failed
    assert "+5511800000001" in second.content.decode()
    file = ana.get(f"/broadcasts/{broadcast.pk}/rows.csv").content.decode()
    assert "already. Row 1 came first." in file


def test_the_file_of_rows_holds_no_formula(acme, ana, phones, made):
    broadcast = made()
    with context.tenant(acme.schema_name):
        conversation = conversation_with("5511987654321", phone=phones["acme"], opened_at=None)
        message = add(
            conversation, direction="OUTBOUND", status="FAILED", error_code=131026, text="Oi"
        )
        broadcast.recipients.filter(position=3).update(state="QUEUED", message=message)
        broadcast.recipients.filter(position=2).update(
            address='=HYPERLINK("http://x")', state="SKIPPED", reason="INVALID_NUMBER"
        )

    answer = ana.get(f"/broadcasts/{broadcast.pk}/rows.csv")

    assert answer["Content-Disposition"] == 'attachment; filename="news.csv"'
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith("1,+5511800000000,")
    assert lines[2].startswith("2,\"'=HYPERLINK(")
    assert lines[3].startswith("3,+5511800000002,Failed,")


@pytest.mark.parametrize("query", ["state=odd", "after=x", "after=-1"])
def test_rows_that_no_page_asks_for_are_refused(ana, made, query):
    assert ana.get(f"/broadcasts/{made().pk}/rows?{query}").status_code == 400


def test_a_viewer_looks_and_touches_nothing(page, made, upload):
    vic = page("vera@acme.test")
    broadcast = made()

    for path in READ:
        assert vic.get(f"/broadcasts/{broadcast.pk}/{path}").status_code == 200
    shown = vic.get(f"/broadcasts/{broadcast.pk}/").content.decode()
    assert f"/broadcasts/{broadcast.pk}/start" not in shown
    assert "/broadcasts/new" not in vic.get("/broadcasts/").content.decode()
    assert upload(client=vic).status_code == 403
    assert vic.get(f"/broadcasts/{broadcast.pk}/columns").status_code == 403
    for act in ACTS:
        assert vic.post(f"/broadcasts/{broadcast.pk}/{act}").status_code == 403


def test_another_tenant_finds_nothing(page, made):
    stranger = page("ana@globex.test")
    broadcast = made()

    for path in (*READ, "columns"):
        assert stranger.get(f"/broadcasts/{broadcast.pk}/{path}").status_code == 404
    for act in ACTS:
        assert stranger.post(f"/broadcasts/{broadcast.pk}/{act}").status_code == 404
