"""What operators note of marketing, and what a failed message tells: page, API and sweeper."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from conversations.models import ConsentEvent, Contact
from conversations.services import consent_notes, heads, inbound, merging, sweep
from conversations.services.outbox import Move, move, publish
from tenants import context
from tenants.db import raw
from tenants.feed import live
from tenants.feed.models import Change
from tests.api import Queries, api_of, check_problem
from tests.conversations.events import body, change, deliver, status, text
from tests.conversations.inboxes import open_elsewhere, open_with, tags_of
from tests.conversations.sending import message_in

pytestmark = pytest.mark.django_db(transaction=True)
PART = {"HX-Request": "true"}
STOPPED = [{"code": 131050, "title": "User stopped marketing messages"}]


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"], wa_id="5511988887777")


@pytest.fixture
def foreign(globex, phones, conversation):
    return open_elsewhere(globex, phones["globex"], unlike=conversation)


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def note(browser, pk, value="STOP", words="Por telefone", headers=None):
    data = {"value": value, "note": words}
    return browser.post(f"/inbox/{pk}/consent/note", data, headers=headers)


def ledger(acme):
    with context.tenant(acme.schema_name):
        lines = ConsentEvent.objects.order_by("pk")
        return list(lines.values_list("value", "source", "note"))


def opted_out(acme, conversation):
    with context.tenant(acme.schema_name):
        contact = Contact.objects.get(pk=conversation.contact_id)
        return contact.marketing_opted_out_at is not None


# --- The page ---------------------------------------------------------------------------------


def test_an_operator_notes_a_stop_and_every_page_hears_of_it(ana, acme, conversation, people):
    pk = conversation.pk
    assert "Asked to stop" in ana.get(f"/inbox/{pk}/").content.decode()

    response = note(ana, pk, words="  Por   telefone ", headers=PART)

    assert (response.status_code, response["HX-Trigger"]) == (204, "inbox:behind")
    assert ledger(acme) == [("STOP", "OPERATOR", "Por telefone")] and opted_out(acme, conversation)
    changes = ana.get(f"/inbox/changes?after=1&open={pk}", headers=PART).content.decode()
    assert {f"details-{pk}", f"banner-{pk}"} <= {tag.get("id") for _, tag in tags_of(changes)}
    assert "Agreed again" in changes and "noted by the team" in changes
    with context.tenant(acme.schema_name):
        assert ConsentEvent.objects.get().author_id == people["ana@acme.test"].pk
        told, last = Change.objects.order_by("-seq")[:2][::-1]
        assert (told.kind, told.conversation_id) == ("CONVERSATION", pk)
        assert (last.kind, last.subject_id) == ("CONTACT", conversation.contact_id)


def test_without_a_script_the_form_leads_back(ana, acme, conversation):
    response = note(ana, conversation.pk)

    assert (response.status_code, response["Location"]) == (302, f"/inbox/{conversation.pk}/")
    note(ana, conversation.pk, "RESUME", "Na loja")
    assert not opted_out(acme, conversation)
    assert [value for value, *_ in ledger(acme)] == ["STOP", "RESUME"]


def test_the_same_word_again_is_written_once(ana, acme, conversation):
    for _ in range(2):
        note(ana, conversation.pk)

    assert len(ledger(acme)) == 1


def test_the_ledger_s_page_says_who_noted_what_and_how(ana, page, conversation):
    note(ana, conversation.pk, words="<b>Por telefone</b>")

    html = page("vera@acme.test").get(f"/inbox/{conversation.pk}/consent").content.decode()
    assert "&lt;b&gt;Por telefone&lt;/b&gt;" in html and "(Ana)" in html and "Stopped" in html


def test_a_foreign_contact_is_not_there(ana, globex, foreign):
    assert note(ana, foreign.pk).status_code == 404
    assert ana.get(f"/inbox/{foreign.pk}/consent").status_code == 404
    assert ledger(globex) == []


def test_a_viewer_sees_no_form_and_may_not_note(page, acme, conversation):
    vera = page("vera@acme.test")

    html = vera.get(f"/inbox/{conversation.pk}/").content.decode()
    assert "consent/note" not in html and "All that was said" in html
    assert note(vera, conversation.pk).status_code == 403
    assert ledger(acme) == []


@pytest.mark.parametrize(("value", "words"), [("", ""), ("MAYBE", ""), ("STOP", "x" * 301)])
def test_what_is_no_note_is_refused(ana, acme, conversation, value, words):
    assert note(ana, conversation.pk, value, words, PART).status_code == 400
    assert ledger(acme) == []


def test_what_an_operator_notes_counts_even_before_metas_clock(actor, inside, conversation, noon):
    contact = conversation.contact
    who = {"actor": actor("ana@acme.test"), "contact": contact, "words": ""}
    consent_notes.note(**who, stops=True, now=noon + timedelta(minutes=5))

    _line, is_new = consent_notes.note(**who, stops=False, now=noon)

    assert is_new
    contact.refresh_from_db()
    assert contact.marketing_opted_out_at is None


def test_nothing_is_noted_of_who_was_merged(actor, acme, phones, conversation, noon):
    with context.tenant(acme.schema_name):
        other = open_with(phones["acme"], "João", "5511977770001")
    session = raw.connect(name="test merge")
    with context.raw_transaction(session, acme.schema_name) as cursor:
        gone = {other.contact_id: conversation.contact_id}
        merging.move_identities(cursor, gone)
        merging.merge(cursor, gone)
        live.take(cursor, merging.join(cursor, gone))
    session.close()

    with context.tenant(acme.schema_name), pytest.raises(consent_notes.MergedError):
        consent_notes.note(
            actor=actor("ana@acme.test"), contact=other.contact, stops=True, words="", now=noon
        )


# --- The API ----------------------------------------------------------------------------------


@pytest.fixture
def client_of(people):
    return lambda address: api_of(people[address])


def address(tenant, pk):
    return f"/api/v1/tenant/{tenant.pk}/contacts/{pk}/consent"


def test_the_api_notes_and_lists_newest_first(client_of, acme, conversation):
    ana, where = client_of("ana@acme.test"), address(acme, conversation.contact_id)

    made = ana.post(where, {"value": "STOP", "note": "By phone"})
    again = ana.post(where, {"value": "STOP"})
    ana.post(where, {"value": "RESUME"})

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert made.json()["author"]["name"] == "Ana" and made.json()["note"] == "By phone"
    first = ana.get(f"{where}?limit=1").json()
    assert [line["value"] for line in first["results"]] == ["RESUME"]
    second = ana.get(first["next"]).json()
    assert second["results"] == [made.json()] and second["next"] is None
    with Queries() as asked:
        ana.get(where)
    assert len(asked) <= 6, asked.statements


def test_the_api_does_not_know_a_foreign_contact(client_of, acme, foreign):
    ana, where = client_of("ana@acme.test"), address(acme, foreign.contact_id)

    check_problem(ana.get(where), 404, "not_found")
    check_problem(ana.post(where, {"value": "STOP"}), 404, "not_found")


def test_a_viewer_may_read_and_not_note(client_of, acme, conversation):
    vera, where = client_of("vera@acme.test"), address(acme, conversation.contact_id)

    assert vera.get(where).json()["results"] == []
    check_problem(vera.post(where, {"value": "STOP"}), 403, "forbidden")


@pytest.mark.parametrize(
    "words", [{}, {"value": "SIGNUP"}, {"value": "STOP", "note": "x" * 301}, {"valor": "STOP"}, []]
)
def test_the_api_refuses_what_is_no_note(client_of, acme, conversation, words):
    ana = client_of("ana@acme.test")

    problem = check_problem(ana.post(address(acme, conversation.contact_id), words), 400, "invalid")
    assert problem["errors"]


# --- What a failed message tells ----------------------------------------------------------------


@pytest.fixture
def sent(acme, conversation):
    with context.tenant(acme.schema_name):
        return message_in(conversation, status="ACCEPTED", wamid="wamid.out")


def report(meta_app, *statuses):
    deliver(meta_app, body(change(statuses=list(statuses))))
    inbound.process_deliveries()


def failed(at):
    return status("wamid.out", "failed", at=int(at.timestamp()), errors=STOPPED)


def sweep_once():
    sweeper = sweep.Sweeper(stopping=lambda: False)
    assert sweeper.round()
    sweeper.close()


def test_a_message_that_fails_because_of_it_is_a_stop(acme, meta_app, conversation, sent, ana):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    report(meta_app, failed(at))
    sweep_once()
    report(meta_app, failed(at))
    sweep_once()

    assert ledger(acme) == [("STOP", "STATUS", "")]
    with context.tenant(acme.schema_name):
        line = ConsentEvent.objects.get()
        assert (line.provider_at, line.wamid) == (at, "wamid.out")
        kinds = Change.objects.exclude(kind="NUMBER").order_by("seq").values_list("kind", flat=True)
        assert list(kinds)[-2:] == ["CONVERSATION", "CONTACT"]
    assert "told by WhatsApp when a message failed" in (
        ana.get(f"/inbox/{conversation.pk}/").content.decode()
    )


@pytest.mark.parametrize("resumed_first", [True, False])
def test_a_newer_word_of_the_customer_counts_in_any_order(
    acme, meta_app, conversation, sent, resumed_first
):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    start = text("w", body="START", at=int(at.timestamp()) + 60)
    steps = [
        lambda: deliver(meta_app, body(change(messages=[start]))),
        lambda: deliver(meta_app, body(change(statuses=[failed(at)]))),
    ]
    for step in steps if resumed_first else reversed(steps):
        step()
        inbound.process_deliveries()
        sweep_once()

    assert not opted_out(acme, conversation)
    assert sorted(value for value, *_ in ledger(acme)) == ["RESUME", "STOP"]


def test_a_refusal_in_the_answer_to_the_call_is_a_stop_too(acme, conversation, sent):
    with context.tenant(acme.schema_name):
        other = message_in(conversation, status="SENDING", attempts=1)
        with transaction.atomic(), connection.cursor() as cursor:
            publish(move(cursor, [Move(other.pk, 1, "FAILED", code=131050, detail="Stopped")]))
        assert consent_notes.note_failures() == 1
        assert consent_notes.note_failures() == 0

    assert opted_out(acme, conversation)


def test_other_failures_old_ones_and_our_own_say_nothing(inside, meta_app, conversation, sent):
    now = datetime.now(UTC)
    message_in(conversation, status="FAILED", error_code=131050, failed_at=now - timedelta(days=9))
    message_in(conversation, status="FAILED", error_code=131049, failed_at=now)
    ours = {"error_code": 131050, "error_detail": heads.STOPPED_WHILE_QUEUED}
    message_in(conversation, status="FAILED", failed_at=now, **ours)

    assert consent_notes.note_failures() == 0
    assert not ConsentEvent.objects.exists()
