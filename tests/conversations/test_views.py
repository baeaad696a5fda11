from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Contact, Conversation, Message
from tenants import context
from tenants.models import Tenant
from tests.conversations.inboxes import add, ids_of, open_elsewhere, open_with, queries, tags_of

PART = {"HX-Request": "true"}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def foreign(globex, phones, conversation):
    """A conversation of globex with an id that acme has not given."""
    return open_elsewhere(globex, phones["globex"], unlike=conversation)


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


@pytest.fixture
def vera(page):
    return page("vera@acme.test")


def reloaded(acme, conversation):
    with context.tenant(acme.schema_name):
        return Conversation.objects.get(pk=conversation.pk)


def messages(acme):
    with context.tenant(acme.schema_name):
        return list(Message.objects.order_by("pk"))


def reply_to(browser, conversation, text="Olá!", headers=None, **fields):
    data = {"text": text, "client_id": uuid4(), **fields}
    return browser.post(f"/inbox/{conversation.pk}/reply", data, headers=headers)


# --- The list ---------------------------------------------------------------------------------


def test_the_start_leads_to_the_inbox(ana):
    response = ana.get("/")

    assert (response.status_code, response["Location"]) == (302, "/inbox/")


def test_a_stranger_is_led_to_the_log_in_page(client, conversation):
    response = client.get("/inbox/", SERVER_NAME="acme.localhost")

    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=")


def test_the_list_is_a_complete_page_with_the_newest_first(ana, acme, conversation, phones):
    with context.tenant(acme.schema_name):
        newer = open_with(phones["acme"], "João Pereira", "5511977770001", hours_ago=0.5)

    response = ana.get("/inbox/")

    assert response.status_code == 200
    assert ids_of(response) == [f"row-{newer.pk}", f"row-{conversation.pk}"]
    html = response.content.decode()
    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert "Mariana Souza" in html and "Bom dia!" in html
    assert 'data-total="2"' in html


def test_an_empty_inbox_says_what_comes_next(ana, acme, phones):
    assert "No conversations yet" in ana.get("/inbox/").content.decode()
    assert "Nobody found" in ana.get("/inbox/?q=xyz").content.decode()
    assert "Everything is read" in ana.get("/inbox/?unread=1").content.decode()


def test_without_a_number_the_inbox_says_so(ana):
    assert "No number is connected yet" in ana.get("/inbox/").content.decode()


@pytest.mark.parametrize("words", ["mariana", "98841", "+55 11 98841-2203", "sou"])
def test_the_list_is_searched_by_name_and_number(ana, acme, conversation, phones, words):
    with context.tenant(acme.schema_name):
        open_with(phones["acme"], "João Pereira", "5511977770001")

    response = ana.get("/inbox/", {"q": words})

    assert ids_of(response) == [f"row-{conversation.pk}"]


def test_the_unread_filter_leaves_what_was_read(ana, acme, conversation, phones):
    with context.tenant(acme.schema_name):
        unread = open_with(phones["acme"], "João Pereira", "5511977770001")
        Conversation.objects.filter(pk=conversation.pk).update(unread_count=0)

    assert ids_of(ana.get("/inbox/?unread=1")) == [f"row-{unread.pk}"]


def test_htmx_gets_rows_only_and_goes_on_where_they_end(ana, acme, phones, monkeypatch):
    monkeypatch.setattr("conversations.views.LIST_SIZE", 2)
    with context.tenant(acme.schema_name):
        made = [
            open_with(phones["acme"], f"Cliente {n}", f"551197777000{n}", hours_ago=n)
            for n in range(5)
        ]
    seen = []
    address = "/inbox/"

    while address:
        response = ana.get(address, headers=PART)
        assert "<html" not in response.content.decode()
        seen += ids_of(response)
        more = [
            attrs
            for tag, attrs in tags_of(response.content.decode())
            if attrs.get("hx-target") == "#rows-more"
        ]
        address = more[0]["hx-get"] if more else None

    assert seen == [f"row-{one.pk}" for one in made]


@pytest.mark.parametrize("query", ["before=x", "before=1.x", f"before={'9' * 40}.1", "before=1.-1"])
def test_a_broken_cursor_is_refused(ana, conversation, query):
    assert ana.get(f"/inbox/?{query}").status_code == 400


def test_the_list_shows_nothing_of_another_tenant(ana, foreign, conversation):
    assert ids_of(ana.get("/inbox/")) == [f"row-{conversation.pk}"]


def test_the_list_costs_a_few_queries_however_long(ana, acme, phones):
    with context.tenant(acme.schema_name):
        for n in range(9):
            open_with(phones["acme"], f"Cliente {n}", f"551197777000{n}")
    ana.get("/inbox/")

    # Tenant, session, user, membership; sequence, rows, identities, unread total.
    with queries(9):
        ana.get("/inbox/")


# --- The thread -------------------------------------------------------------------------------


def test_a_thread_comes_with_its_list_and_details(ana, acme, conversation, people):
    with context.tenant(acme.schema_name):
        reply = add(conversation, "Pois não", status="READ", author=people["ana@acme.test"])

    response = ana.get(f"/inbox/{conversation.pk}/")

    html = response.content.decode()
    assert response.status_code == 200
    assert f"row-{conversation.pk}" in ids_of(response)
    assert ids_of(response)[-1] == f"message-{reply.pk}"
    assert "+55 11 98841-2203" in html
    assert 'class="tick read"' in html
    assert "Reply window 22 h" in html


def test_htmx_gets_the_thread_alone(ana, conversation):
    html = ana.get(f"/inbox/{conversation.pk}/", headers=PART).content.decode()

    assert html.lstrip().startswith('<div id="conversation"')
    assert "<html" not in html


def test_a_page_that_history_brings_back_is_whole(ana, conversation):
    headers = {**PART, "HX-History-Restore-Request": "true"}

    assert "<html" in ana.get(f"/inbox/{conversation.pk}/", headers=headers).content.decode()


@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_a_foreign_thread_is_not_there(ana, foreign, headers):
    assert ana.get(f"/inbox/{foreign.pk}/", headers=headers).status_code == 404


def test_a_thread_goes_back_page_by_page(ana, acme, conversation, monkeypatch):
    monkeypatch.setattr("conversations.views.THREAD_SIZE", 2)
    with context.tenant(acme.schema_name):
        start = timezone.now() - timedelta(minutes=30)
        for n in range(4):
            add(conversation, f"Mensagem {n}", at=start + timedelta(minutes=n))
    made = [f"message-{one.pk}" for one in messages(acme)]
    first = ana.get(f"/inbox/{conversation.pk}/", headers=PART)
    assert ids_of(first) == made[-2:]

    seen = ids_of(first)
    response = first
    while True:
        more = [
            attrs
            for tag, attrs in tags_of(response.content.decode())
            if attrs.get("hx-target") == "#stream-more"
        ]
        if not more:
            break
        response = ana.get(more[0]["hx-get"], headers=PART)
        seen = ids_of(response) + seen
    assert seen == made


def test_opening_the_page_marks_it_read_for_operators_only(ana, vera, acme, conversation):
    vera.get(f"/inbox/{conversation.pk}/")
    assert reloaded(acme, conversation).unread_count == 1

    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()
    assert reloaded(acme, conversation).unread_count == 0
    assert "unread-line" in html  # still shown where the new ones begin


def test_a_part_is_not_read_before_the_page_says_so(ana, acme, conversation):
    ana.get(f"/inbox/{conversation.pk}/", headers=PART)

    assert reloaded(acme, conversation).unread_count == 1


def test_a_viewer_sees_why_there_is_no_composer(vera, conversation):
    html = vera.get(f"/inbox/{conversation.pk}/").content.decode()

    assert "Replying needs the role of an operator" in html
    assert "<textarea" not in html


def test_a_closed_window_says_so_beside_the_composer(ana, acme, phones):
    with context.tenant(acme.schema_name):
        closed = open_with(phones["acme"], hours_ago=25)

    html = ana.get(f"/inbox/{closed.pk}/").content.decode()

    assert 'data-window="closed"' in html
    assert "template needed" in html


def test_a_failed_bubble_says_why_and_what_to_do(ana, vera, acme, conversation):
    with context.tenant(acme.schema_name):
        failed = add(conversation, "Oi", status="FAILED", error_code=131026)
        lost = add(conversation, "Tudo bem?", status="UNCONFIRMED")

    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()

    assert 'class="bubble out failed"' in html
    assert "The message could not be delivered to this customer." in html
    assert f"/inbox/{conversation.pk}/messages/{lost.pk}/again" in html
    assert f"/messages/{failed.pk}/again" not in html
    assert "/again" not in vera.get(f"/inbox/{conversation.pk}/").content.decode()


def test_other_types_are_named(ana, acme, conversation):
    with context.tenant(acme.schema_name):
        add(conversation, "", type="LOCATION")

    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()

    assert "icon-map-pin" in html and "Location" in html


def test_of_several_attempts_the_thread_shows_the_last(ana, acme, conversation):
    with context.tenant(acme.schema_name):
        first = add(conversation, "Oi", status="FAILED", error_code=131000)
        second = add(conversation, "Oi", status="FAILED", error_code=131000, retry_of=first)
        third = add(conversation, "Oi", status="SENT", retry_of=first)

    shown = ids_of(ana.get(f"/inbox/{conversation.pk}/", headers=PART))

    assert f"message-{third.pk}" in shown
    assert not {f"message-{first.pk}", f"message-{second.pk}"} & set(shown)


def test_what_people_write_is_shown_as_text(ana, acme, phones):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    with context.tenant(acme.schema_name):
        conversation = open_with(phones["acme"], name=evil)
        add(conversation, evil)
        Contact.objects.update(name=evil)

    html = ana.get(f"/inbox/{conversation.pk}/?q={evil}").content.decode()

    names = [tag for tag, _ in tags_of(html)]
    assert "img" not in names
    assert all("src" in attrs for tag, attrs in tags_of(html) if tag == "script")
    assert not any(name.startswith("on") for _, attrs in tags_of(html) for name in attrs)


def test_nothing_inline_and_a_policy_that_allows_none(ana, conversation):
    response = ana.get(f"/inbox/{conversation.pk}/")

    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    assert not any("style" in attrs for _, attrs in tags_of(response.content.decode()))
    assert "no-store" in response["Cache-Control"]


def test_a_thread_costs_a_few_queries_however_long(ana, acme, conversation, people):
    with context.tenant(acme.schema_name):
        for n in range(30):
            add(conversation, f"Mensagem {n}", status="READ", author=people["ana@acme.test"])

    # Tenant, session, user, membership; conversation, identities, messages, the block.
    with queries(9):
        ana.get(f"/inbox/{conversation.pk}/", headers=PART)


# --- Replying ---------------------------------------------------------------------------------


def test_a_reply_without_script_leads_back_to_the_thread(ana, acme, conversation):
    response = reply_to(ana, conversation, "Olá!\r\nTudo bem?")

    assert response.status_code == 302
    assert response["Location"] == f"/inbox/{conversation.pk}/#composer"
    assert messages(acme)[-1].text == "Olá!\nTudo bem?"
    assert "Tudo bem?" in ana.get(response["Location"]).content.decode()


def test_htmx_gets_the_bubble_and_the_row(ana, acme, conversation):
    response = reply_to(ana, conversation, headers=PART)

    assert response.status_code == 200
    assert set(ids_of(response)) == {f"row-{conversation.pk}", f"message-{messages(acme)[-1].pk}"}
    assert f'hx-swap-oob="sorted:#stream-{conversation.pk}"' in response.content.decode()


def test_a_double_click_sends_once(ana, acme, conversation):
    client_id = uuid4()

    for _ in range(2):
        assert reply_to(ana, conversation, client_id=client_id, headers=PART).status_code == 200

    assert len(messages(acme)) == 2


def test_a_viewer_cannot_reply(vera, acme, conversation):
    assert reply_to(vera, conversation).status_code == 403
    assert len(messages(acme)) == 1


def test_nobody_replies_in_a_foreign_thread(ana, foreign, globex):
    assert reply_to(ana, foreign).status_code == 404
    assert all(message.direction == "INBOUND" for message in messages(globex))


@pytest.mark.parametrize(
    "fields",
    [{"client_id": "x"}, {"client_id": ""}, {"seen": "x"}, {"seen": "-1"}, {"seen": "9" * 30}],
    ids=str,
)
def test_a_broken_form_sends_nothing(ana, acme, conversation, fields):
    assert reply_to(ana, conversation, headers=PART, **fields).status_code == 400
    assert len(messages(acme)) == 1


@pytest.mark.parametrize(
    ("text", "status"), [("  ", 400), ("x" * 4097, 400)], ids=["empty", "too long"]
)
def test_a_text_that_will_not_do_stays_in_the_field(ana, acme, conversation, text, status):
    response = reply_to(ana, conversation, text)

    assert response.status_code == status
    assert 'class="sheet"' in response.content.decode()
    assert text.strip() in response.content.decode()
    assert len(messages(acme)) == 1


def test_a_closed_window_refuses_and_keeps_the_text(ana, acme, phones):
    with context.tenant(acme.schema_name):
        closed = open_with(phones["acme"], hours_ago=25)

    page = reply_to(ana, closed, "Ainda aí?")
    assert page.status_code == 409
    assert "Ainda aí?" in page.content.decode()

    toast = reply_to(ana, closed, "Ainda aí?", headers=PART)
    assert toast.status_code == 409
    assert 'data-code="window_closed"' in toast.content.decode()
    assert len(messages(acme)) == 1


def test_a_thread_that_moved_on_asks_first(ana, acme, conversation):
    seen = messages(acme)[0].pk
    with context.tenant(acme.schema_name):
        add(conversation, "Esqueci de dizer")
        add(conversation, "que é urgente")

    part = reply_to(ana, conversation, "Olá!", seen=seen, headers=PART)
    assert part.status_code == 409
    assert part["HX-Retarget"] == f"#sheet-{conversation.pk}"
    assert "2 new messages" in part.content.decode()

    page = reply_to(ana, conversation, "Olá!", seen=seen)
    html = page.content.decode()
    assert page.status_code == 409
    assert "que é urgente" in html and "Olá!" in html and 'name="force"' in html
    assert len(messages(acme)) == 3

    assert reply_to(ana, conversation, "Olá!", seen=seen, force="on").status_code == 302
    assert len(messages(acme)) == 4


def test_send_again_replaces_the_bubble(ana, acme, conversation):
    with context.tenant(acme.schema_name):
        lost = add(conversation, "Tudo bem?", status="UNCONFIRMED")
    address = f"/inbox/{conversation.pk}/messages/{lost.pk}/again"

    response = ana.post(address, {"client_id": uuid4()}, headers=PART)

    html = response.content.decode()
    assert response.status_code == 200
    assert f'id="message-{lost.pk}" hx-swap-oob="delete"' in html
    assert f"message-{messages(acme)[-1].pk}" in ids_of(response)


def test_send_again_is_guarded_like_a_reply(ana, vera, acme, conversation, foreign, globex):
    with context.tenant(acme.schema_name):
        lost = add(conversation, "Tudo bem?", status="UNCONFIRMED")
        sent = add(conversation, "Oi", status="SENT")
    own = f"/inbox/{conversation.pk}/messages/{lost.pk}/again"

    assert vera.post(own, {"client_id": uuid4()}).status_code == 403
    assert ana.post(own, {"client_id": "x"}).status_code == 400
    assert ana.post(own.replace(str(lost.pk), "999"), {"client_id": uuid4()}).status_code == 404
    assert (
        ana.post(f"/inbox/77/messages/{lost.pk}/again", {"client_id": uuid4()}).status_code == 404
    )
    again = f"/inbox/{conversation.pk}/messages/{sent.pk}/again"
    assert ana.post(again, {"client_id": uuid4()}, headers=PART).status_code == 409
    assert len(messages(acme)) == 3


# --- Reading ----------------------------------------------------------------------------------


def test_the_page_says_how_far_it_was_read(ana, acme, conversation):
    address = f"/inbox/{conversation.pk}/read"

    response = ana.post(address, {"up_to": messages(acme)[-1].pk}, headers=PART)

    assert response.status_code == 200
    assert ids_of(response) == [f"row-{conversation.pk}"]
    assert 'data-total="0"' in response.content.decode()
    assert reloaded(acme, conversation).unread_count == 0
    assert ana.post(address, {"up_to": messages(acme)[-1].pk}, headers=PART).status_code == 204


def test_reading_is_guarded(ana, vera, acme, conversation, foreign, globex):
    address = f"/inbox/{conversation.pk}/read"

    assert vera.post(address, {"up_to": 99}).status_code == 403
    assert ana.post(address, {"up_to": "x"}).status_code == 400
    assert ana.get(address).status_code == 405
    assert ana.post(f"/inbox/{foreign.pk}/read", {"up_to": 99}).status_code == 404
    assert reloaded(acme, conversation).unread_count == 1
    assert reloaded(globex, foreign).unread_count == 1


def test_in_a_suspended_tenant_everything_is_read_and_nothing_changes(ana, acme, conversation):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status="SUSPENDED")

    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()

    assert "This account is suspended" in html and "<textarea" not in html
    assert reloaded(acme, conversation).unread_count == 1
    assert reply_to(ana, conversation).status_code == 403
