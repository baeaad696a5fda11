import pytest

from conversations.models import Conversation, Message
from tenants import context
from tenants.feed import live, selectors
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tests.conversations.inboxes import add, ids_of, open_with, queries

PART = {"HX-Request": "true"}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def seq(acme, conversation):
    with context.tenant(acme.schema_name):
        return selectors.last_seq()


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def changes(browser, after, **query):
    return browser.get("/inbox/changes", {"after": after, **query}, headers=PART)


def test_nothing_new_is_an_empty_answer(ana, seq):
    response = changes(ana, seq)

    assert (response.status_code, response["X-Last-Seq"]) == (204, str(seq))


def test_a_new_message_brings_its_row_and_in_its_thread_the_bubble(ana, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        message = add(conversation, "Posso trocar?")

    beside = changes(ana, seq)
    assert ids_of(beside) == [f"row-{conversation.pk}"]
    assert beside["X-Last-Seq"] == str(seq + 1)
    assert 'data-total="1"' in beside.content.decode()

    within = changes(ana, seq, open=conversation.pk)
    assert ids_of(within) == [f"row-{conversation.pk}", f"message-{message.pk}"]
    assert f'id="header-{conversation.pk}"' in within.content.decode()


def test_a_status_draws_the_bubble_anew(ana, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        message = add(conversation, "Claro", status="SENT")
        after = selectors.last_seq()
        Message.objects.filter(pk=message.pk).update(status="READ")
        live.publish(Draft(Change.Kind.MESSAGE, conversation.pk, message.pk))

    html = changes(ana, after, open=conversation.pk).content.decode()

    assert f'id="message-{message.pk}"' in html
    assert 'class="tick read"' in html


def test_a_new_attempt_removes_the_old_bubble(ana, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        first = add(conversation, "Oi", status="FAILED", error_code=131000)
        after = selectors.last_seq()
        add(conversation, "Oi", status="PENDING", retry_of=first)

    html = changes(ana, after, open=conversation.pk).content.decode()

    assert f'id="message-{first.pk}" hx-swap-oob="delete"' in html


def test_a_row_that_the_search_does_not_want_is_not_added(ana, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        add(conversation, "Oi")

    wanted = changes(ana, seq, q="mariana").content.decode()
    unwanted = changes(ana, seq, q="someone else").content.decode()

    assert 'hx-swap-oob="sorted:#rows"' in wanted
    assert 'hx-swap-oob="sorted:#rows"' not in unwanted
    assert 'hx-swap-oob="morph"' in unwanted


def test_what_nobody_may_see_answers_nothing(ana, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        add(conversation, "Oi")
        Conversation.objects.update(status="ARCHIVED")

    response = changes(ana, seq, open=conversation.pk)

    assert (response.status_code, response["X-Last-Seq"]) == (204, str(seq + 1))


def test_a_number_of_another_tenant_shows_no_row_of_his(
    ana, acme, globex, conversation, phones, seq
):
    with context.tenant(globex.schema_name):
        theirs = open_with(phones["globex"], name="Estranho")
        for n in range(5):
            add(theirs, f"segredo {n}")

    response = changes(ana, 0, open=theirs.pk)

    assert "segredo" not in response.content.decode()
    assert "Estranho" not in response.content.decode()


def test_swept_away_numbers_and_invented_ones_reload_the_page(ana, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        for n in range(3):
            add(conversation, f"{n}")
        Change.objects.filter(seq__lte=seq + 1).delete()

    for after in (seq, seq + 99):
        response = changes(ana, after)
        assert response.status_code == 200
        assert response["HX-Refresh"] == "true"
        assert response["X-Last-Seq"] == str(seq + 3)


def test_too_many_changes_reload_the_page(ana, acme, conversation, seq, monkeypatch):
    monkeypatch.setattr("tenants.feed.selectors.CATCH_UP_MAX", 3)
    with context.tenant(acme.schema_name):
        for n in range(4):
            add(conversation, f"{n}")

    assert changes(ana, seq)["HX-Refresh"] == "true"
    assert changes(ana, seq + 1).status_code == 200
    assert "HX-Refresh" not in changes(ana, seq + 1)


@pytest.mark.parametrize(
    "query",
    [{}, {"after": "x"}, {"after": -1}, {"after": 10**30}, {"after": 1, "open": "x"}],
    ids=str,
)
def test_bad_input_is_refused(ana, conversation, query):
    assert ana.get("/inbox/changes", query, headers=PART).status_code == 400


def test_viewers_follow_and_strangers_are_sent_to_log_in(page, client, acme, conversation, seq):
    with context.tenant(acme.schema_name):
        add(conversation, "Oi")

    assert changes(page("vera@acme.test"), seq).status_code == 200
    stranger = client.get(f"/inbox/changes?after={seq}", headers=PART, SERVER_NAME="acme.localhost")
    assert stranger["HX-Redirect"].startswith("/login/")


def test_what_it_costs(ana, acme, conversation, seq):
    # Tenant, session, user, membership; sequence.
    with queries(5):
        changes(ana, seq)

    with context.tenant(acme.schema_name):
        for n in range(20):
            add(conversation, f"{n}", status="SENT")
    # The same, and: changes, rows, identities, unread total, bubbles.
    with queries(12):
        changes(ana, seq, open=conversation.pk)
