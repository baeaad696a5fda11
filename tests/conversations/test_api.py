"""The API's routes for conversations and messages: what works, whose it is, who may, odd input."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Contact, Conversation, Message
from tenants import context
from tenants.feed.models import IdempotencyKey
from tenants.services import idempotency
from tests.api import Api, Queries, access_token, api_of, check_problem
from tests.conversations.sending import conversation_with, message_in
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db

CUSTOMER = "5511987654321"


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


@pytest.fixture
def vera(people) -> Api:
    return api_of(people["vera@acme.test"])


@pytest.fixture
def conversation(phones, acme) -> Conversation:
    with context.tenant(acme.schema_name):
        return _conversation(CUSTOMER, phones["acme"])


@pytest.fixture
def foreign(phones, globex, conversation) -> Conversation:
    """A conversation of globex whose number is not used in acme."""
    with context.tenant(globex.schema_name):
        for number in range(3):
            last = _conversation(f"552199999000{number}", phones["globex"])
        if last.pk == conversation.pk:  # each schema counts by itself
            last = _conversation("5521999990009", phones["globex"])
        return last


def _conversation(wa_id: str, phone: Phone, **fields) -> Conversation:
    now = timezone.now()
    conversation = conversation_with(wa_id, phone=phone, opened_at=now - timedelta(hours=1))
    conversation.last_message = message_in(
        conversation, status="RECEIVED", timestamp=conversation.window_opened_at, wamid=f"w{wa_id}"
    )
    conversation.last_message_at = conversation.last_message.timestamp
    for name, value in fields.items():
        setattr(conversation, name, value)
    conversation.save()
    return conversation


@pytest.fixture
def base(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}"


def _text(body: object = "Bom dia", **members) -> dict:
    return {"type": "text", "text": {"body": body}, **members}


def _sent(tenant) -> list[Message]:
    with context.tenant(tenant.schema_name):
        return list(Message.objects.filter(direction="OUTBOUND").order_by("pk"))


# --- conversations --------------------------------------------------------------------------------
@pytest.mark.parametrize("spelling", ["conversations/", "conversations"])
@pytest.mark.parametrize("public", [False, True], ids=["tenant host", "public host"])
def test_the_list_shows_what_a_client_needs(people, base, conversation, spelling, public):
    api = api_of(people["vera@acme.test"], public=public)

    response = api.get(f"{base}/{spelling}")

    assert response.status_code == 200
    assert response.json() == {
        "results": [
            {
                "id": conversation.pk,
                "phone": conversation.phone_id,
                "contact": {
                    "id": conversation.contact_id,
                    "name": "",
                    "profile_name": f"Customer {CUSTOMER}",
                    "wa_id": CUSTOMER,
                    "marketing_opted_out_at": None,
                    "attributes": {},
                },
                "status": "OPEN",
                "snoozed_until": None,
                "assignee": None,
                "labels": [],
                "unread_count": 0,
                "last_message_at": _json(conversation.last_message_at),
                "last_message": response.json()["results"][0]["last_message"],
                "window_closes_at": _json(
                    conversation.window_opened_at + timedelta(hours=23, minutes=59)
                ),
                "created_at": response.json()["results"][0]["created_at"],
            }
        ],
        "next": None,
        "previous": None,
    }


def _json(moment) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("path", ["conversations/", "conversations/1/", "conversations/1/messages"])
@pytest.mark.parametrize("who", ["admin@globex.test", "admin@balcao.test", ""])
def test_reading_is_for_the_tenants_own_people(people, acme, base, conversation, path, who):
    own, public = Api("acme.localhost"), Api()
    if who == "admin@globex.test":
        public = api_of(people[who], public=True)
        own = Api("acme.localhost", public.headers["Authorization"].removeprefix("Bearer "))
    if who == "admin@balcao.test":
        own = Api("acme.localhost", access_token(people[who], acme))

    assert own.get(f"{base}/{path}").status_code == 401
    assert public.get(f"{base}/{path}").status_code == (404 if who == "admin@globex.test" else 401)


def test_a_tenants_ids_mean_nothing_in_another(people, ana, base, foreign, conversation):
    assert foreign.pk != conversation.pk

    missing = check_problem(ana.get(f"{base}/conversations/999999/"), 404, "not_found")

    for path in (f"conversations/{foreign.pk}/", f"conversations/{foreign.pk}/messages"):
        assert check_problem(ana.get(f"{base}/{path}"), 404, "not_found") == missing


@pytest.mark.parametrize("pk", ["0", "9223372036854775808", "9" * 300])
def test_impossible_ids_are_missing_ids(ana, base, pk):
    check_problem(ana.get(f"{base}/conversations/{pk}/"), 404, "not_found")
    check_problem(ana.get(f"{base}/conversations/{pk}/messages"), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["conversations/-1/", "conversations/%00/", "conversations/x/", "x"]
)
def test_addresses_that_lead_nowhere_are_problems_too(ana, base, path):
    check_problem(ana.get(f"{base}/{path}"), 404, "not_found")


def test_the_list_is_read_in_a_fixed_number_of_queries(ana, base, phones, acme):
    with context.tenant(acme.schema_name):
        for number in range(12):
            _conversation(f"55119876543{number:02}", phones["acme"])
    with Queries() as few:
        assert len(ana.get(f"{base}/conversations/?limit=2").json()["results"]) == 2
    with Queries() as many:
        assert len(ana.get(f"{base}/conversations/").json()["results"]) == 12

    # The host's tenant, the token, the page, its contacts' identities, its labels, marks.
    assert len(many) == len(few) <= 6, many.statements


def test_a_thread_is_read_in_a_fixed_number_of_queries(ana, base, conversation, acme, people):
    with context.tenant(acme.schema_name):
        for _ in range(10):
            message_in(conversation, author=people["ana@acme.test"], status="FAILED")
    with Queries() as queries:
        page = ana.get(f"{base}/conversations/{conversation.pk}/messages").json()

    assert len(page["results"]) == 11
    assert len(queries) <= 7, queries.statements


def test_pages_follow_each_other_both_ways_without_gap_or_repetition(ana, base, phones, acme):
    with context.tenant(acme.schema_name):
        made = [_conversation(f"55119876543{n:02}", phones["acme"]) for n in range(7)]
        same_time = made[3].last_message_at
        Conversation.objects.filter(pk__in=[c.pk for c in made[2:5]]).update(
            last_message_at=same_time
        )
    expected = [row["id"] for row in ana.get(f"{base}/conversations/").json()["results"]]

    pages, url = [], f"{base}/conversations/?limit=2&search=Customer"
    while url:
        pages.append(ana.get(url).json())
        url = pages[-1]["next"]
    forwards = [row["id"] for page in pages for row in page["results"]]
    back, url = [], pages[-1]["previous"]
    while url:
        page = ana.get(url).json()
        back = [row["id"] for row in page["results"]] + back
        url = page["previous"]

    assert len(expected) == 7
    assert forwards == expected
    assert [len(page["results"]) for page in pages] == [2, 2, 2, 1]
    assert back == expected[:6]
    assert pages[0]["previous"] is None
    assert pages[0]["next"].startswith(
        f"http://acme.localhost{base}/conversations/?limit=2&search="
    )


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1e9",
        "limit=",
        "limit=1&limit=2",
        "cursor=x",
        "cursor=x.y",
        "cursor=%00",
        "cursor=%F0%9F%98%80.x",
        "search=" + "x" * 201,
        "search=%00",
        "page=2",
        "ordering=access_token",
        "phone__tenant__name=a",
        "format=xml",
        "fields=id",
    ],
)
def test_odd_parameters_are_400_and_named(ana, base, conversation, query):
    problem = check_problem(ana.get(f"{base}/conversations/?{query}"), 400, "invalid")

    assert [error["parameter"] for error in problem["errors"]] == [query.partition("=")[0]]


def test_a_cursor_of_another_list_or_tenant_is_400(
    people, ana, base, conversation, foreign, globex
):
    theirs = api_of(people["admin@globex.test"]).get(
        f"/api/v1/tenant/{globex.pk}/conversations/?limit=1"
    )
    cursor = theirs.json()["next"].partition("cursor=")[2]

    check_problem(ana.get(f"{base}/conversations/?cursor={cursor}"), 400, "invalid")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("98765", True),
        ("+55 11 98765-4321", True),
        ("customer 5511", True),
        ("nobody", False),
        ("%", False),
        ("_", False),
        ("' OR 1=1 --", False),
        ("\\", False),
        ("", True),
    ],
)
def test_the_search_finds_names_and_numbers(ana, base, conversation, search, found):
    response = ana.client.get(f"{base}/conversations/", {"search": search}, headers=ana.headers)

    assert len(response.json()["results"]) == found


# --- messages -------------------------------------------------------------------------------------
def test_messages_come_newest_first_with_everything_known_of_them(
    ana, people, base, conversation, acme
):
    with context.tenant(acme.schema_name):
        failed = message_in(
            conversation,
            status="FAILED",
            author=people["ana@acme.test"],
            error_code=131047,
            error_detail="Re-engagement message",
        )
        photo = message_in(
            conversation,
            status="RECEIVED",
            type="IMAGE",
            text="Foto",
            content={"id": "77", "caption": "Foto"},
            timestamp=failed.timestamp + timedelta(minutes=1),
        )

    results = ana.get(f"{base}/conversations/{conversation.pk}/messages").json()["results"]

    assert [row["id"] for row in results] == [photo.pk, failed.pk, conversation.last_message_id]
    assert results[0]["image"] == {"id": "77", "caption": "Foto"}
    assert "text" not in results[0]
    assert results[0]["type"] == "IMAGE"
    assert results[0]["error"] is None
    assert results[1]["author"] == {"id": people["ana@acme.test"].pk, "name": "Ana"}
    assert results[1]["error"]["code"] == 131047
    assert set(results[1]["error"]) == {"code", "title", "detail", "whose", "action"}
    assert set(results[2]) == {
        *("id", "conversation", "phone", "client_id", "wamid", "direction", "type", "status"),
        *("timestamp", "created_at", "author", "api_key", "retry_of", "media", "error", "text"),
        *("context", "referral", "reactions", "edited_at", "revoked_at"),
    }
    assert results[2]["text"] == {"body": conversation.last_message.text}
    assert results[2]["direction"] == "INBOUND"


# --- sending --------------------------------------------------------------------------------------
@pytest.mark.parametrize("spelling", ["messages/send", "messages/send/"])
@pytest.mark.parametrize("public", [False, True], ids=["tenant host", "public host"])
def test_a_text_is_queued_and_shown(people, base, acme, conversation, spelling, public):
    api = api_of(people["ana@acme.test"], public=public)

    response = api.post(f"{base}/{spelling}", _text("Olá!\n😀", conversation=conversation.pk))

    assert response.status_code == 202
    (message,) = _sent(acme)
    body = response.json()
    assert body["id"] == message.pk
    assert body["text"] == {"body": "Olá!\n😀"}
    assert (body["type"], body["direction"], body["status"]) == ("TEXT", "OUTBOUND", "PENDING")
    assert body["author"]["name"] == "Ana"
    assert UUID(body["client_id"]) == message.client_id
    assert body["wamid"] is None
    assert body["created_at"]


@pytest.mark.parametrize("to", [CUSTOMER, f"+{CUSTOMER}", "+55 (11) 98765-4321", "551187654321"])
def test_a_number_finds_its_conversation_in_any_spelling(ana, base, acme, conversation, to):
    assert ana.post(f"{base}/messages/send", _text(to=to)).status_code == 202
    assert _sent(acme)[0].conversation_id == conversation.pk


def test_the_body_may_be_what_meta_takes(ana, base, conversation):
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": CUSTOMER,
        "type": "text",
        "text": {"preview_url": False, "body": "Oi"},
    }

    assert ana.post(f"{base}/messages/send", body).status_code == 202


def test_a_number_that_never_wrote_has_no_window(ana, base, conversation, acme):
    response = ana.post(f"{base}/messages/send", _text(to="+5511900000000"))

    check_problem(response, 409, "window_closed")
    assert _sent(acme) == []


def test_a_closed_window_is_409(ana, base, conversation, acme):
    with context.tenant(acme.schema_name):
        Conversation.objects.update(window_opened_at=timezone.now() - timedelta(hours=24))

    response = ana.post(f"{base}/messages/send", _text(conversation=conversation.pk))

    check_problem(response, 409, "window_closed")
    assert _sent(acme) == []


def test_with_several_numbers_the_sender_says_which(ana, base, conversation, acme, phones):
    with context.tenant(acme.schema_name):
        other = Phone.objects.create(
            phone_number_id="2", waba_id="2", display_phone_number="+1", name="Two"
        )

    problem = ana.post(f"{base}/messages/send", _text(to=CUSTOMER))
    check_problem(problem, 400, "phone_needed")
    other_number = ana.post(f"{base}/messages/send", _text(to=CUSTOMER, phone=other.pk))
    check_problem(other_number, 409, "window_closed")
    mismatch = _text(conversation=conversation.pk, phone=other.pk)
    check_problem(ana.post(f"{base}/messages/send", mismatch), 400, "invalid")
    check_problem(
        ana.post(f"{base}/messages/send", _text(to=CUSTOMER, phone=999)), 404, "not_found"
    )
    right = _text(to=CUSTOMER, phone=phones["acme"].pk)
    assert ana.post(f"{base}/messages/send", right).status_code == 202


def test_a_viewer_may_not_send(vera, base, conversation, acme):
    response = vera.post(f"{base}/messages/send", _text(conversation=conversation.pk))

    check_problem(response, 403, "forbidden")
    assert _sent(acme) == []


def test_nobody_sends_into_another_tenant(people, ana, base, conversation, foreign, acme, globex):
    own_host = ana.post(f"{base}/messages/send", _text(conversation=foreign.pk))
    their_path = ana.post(
        f"/api/v1/tenant/{globex.pk}/messages/send", _text(conversation=foreign.pk)
    )
    by_number = ana.post(f"{base}/messages/send", _text(to="5521999990002"))

    check_problem(own_host, 404, "not_found")
    check_problem(their_path, 404, "not_found")
    check_problem(by_number, 409, "window_closed")
    assert _sent(acme) == _sent(globex) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({}, "#/type", id="nothing"),
        pytest.param(_text(), "#/conversation", id="nobody"),
        pytest.param(_text(conversation=1, to=CUSTOMER), "#/conversation", id="both"),
        pytest.param(_text(conversation="1"), "#/conversation", id="id as text"),
        pytest.param(_text(conversation=True), "#/conversation", id="id as bool"),
        pytest.param(_text(conversation=1.0), "#/conversation", id="id as float"),
        pytest.param(_text(conversation=10**30), "#/conversation", id="huge id"),
        pytest.param(_text(conversation=-1), "#/conversation", id="negative id"),
        pytest.param(_text(conversation=None), "#/conversation", id="null id"),
        pytest.param(_text(to="abc"), "#/to", id="no number"),
        pytest.param(_text(to=5511987654321), "#/to", id="number as number"),
        pytest.param(_text("", conversation=1), "#/text/body", id="empty text"),
        pytest.param(_text(7, conversation=1), "#/text/body", id="text as number"),
        pytest.param(_text(None, conversation=1), "#/text/body", id="null text"),
        pytest.param(_text("x" * 4097, conversation=1), "#/text/body", id="long text"),
        pytest.param({"conversation": 1, "type": "text", "text": "x"}, "#/text", id="bare text"),
        pytest.param({"conversation": 1, "type": "text"}, "#/text", id="no text"),
        pytest.param({**_text(conversation=1), "type": "order"}, "#/type", id="other type"),
        pytest.param({**_text(conversation=1), "type": "TEXT"}, "#/type", id="capitals"),
        pytest.param(_text(conversation=1, status="READ"), "#/status", id="status"),
        pytest.param(_text(conversation=1, wamid="x"), "#/wamid", id="wamid"),
        pytest.param(_text(conversation=1, **{"a/b~c": 1}), "#/a~1b~0c", id="odd name"),
        pytest.param([], "#", id="list"),
        pytest.param('"text"', "#", id="text alone"),
    ],
)
def test_a_malformed_message_says_where(ana, base, conversation, acme, body, pointer):
    problem = check_problem(ana.post(f"{base}/messages/send", body), 400, "invalid")

    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert _sent(acme) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"type":"text","type":"text"}',
        b'{"text":{"body":"a\\u0000b"}}',
        b'{"text":{"body":"\\ud83d"}}',
        b'{"\\u0000":1}',
        b"[" * 100_000,
        b"1" * 5000,
    ],
    ids=range(10),
)
def test_what_is_no_json_is_400(ana, base, conversation, body):
    response = ana.send("POST", f"{base}/messages/send", body, "application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_a_text_may_be_as_long_as_meta_takes_it(ana, base, conversation):
    body = _text("\U0001f600" * 4096, conversation=conversation.pk)

    assert ana.post(f"{base}/messages/send", body).status_code == 202


def test_a_blank_text_is_400(ana, base, conversation, acme):
    response = ana.post(f"{base}/messages/send", _text(" \n ", conversation=conversation.pk))

    problem = check_problem(response, 400, "invalid")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/text/body", "blank")]


# --- repeated requests ----------------------------------------------------------------------------
def _send(api: Api, base: str, conversation: Conversation, key: str, body: str = "Oi"):
    return api.post(
        f"{base}/messages/send", _text(body, conversation=conversation.pk), Idempotency_Key=key
    )


def test_the_same_key_gets_the_first_answer_and_sends_nothing(ana, base, conversation, acme):
    first = _send(ana, base, conversation, "k1")
    with context.tenant(acme.schema_name):
        Message.objects.filter(pk=first.json()["id"]).update(status="READ")
        Conversation.objects.update(window_opened_at=None)
    again = _send(ana, base, conversation, "k1")

    assert first.status_code == again.status_code == 202
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert len(_sent(acme)) == 1


def test_the_layout_of_the_json_and_the_final_slash_make_no_other_request(
    ana, base, conversation, acme
):
    _send(ana, base, conversation, "k1")

    again = ana.send(
        "POST",
        f"{base}/messages/send/",
        b'{"text": { "body":"O\\u0069"},"conversation":%d,   "type":"text"}' % conversation.pk,
        "application/json",
        Idempotency_Key="k1",
    )

    assert again.status_code == 202
    assert len(_sent(acme)) == 1


def test_the_same_key_with_another_body_is_422(ana, base, conversation, acme):
    _send(ana, base, conversation, "k1")

    check_problem(_send(ana, base, conversation, "k1", "Tchau"), 422, "idempotency_other_body")
    assert len(_sent(acme)) == 1


def test_another_key_or_another_person_sends_again(people, ana, base, conversation, acme):
    _send(ana, base, conversation, "k1")
    _send(ana, base, conversation, "k2")
    other = _send(api_of(people["admin@acme.test"]), base, conversation, "k1", "Another")

    assert other.status_code == 202
    assert other.json()["text"] == {"body": "Another"}
    assert len(_sent(acme)) == 3


def test_keys_of_another_tenant_are_unknown(people, ana, base, conversation, foreign, globex):
    ana_too = people["ana@acme.test"]
    with context.platform():
        ana_too.memberships.create(tenant=globex, role="OPERATOR")
    _send(ana, base, conversation, "k1")
    there = Api("globex.localhost", access_token(ana_too, globex))

    response = _send(there, f"/api/v1/tenant/{globex.pk}", foreign, "k1", "There")

    assert response.status_code == 202
    assert response.json()["text"] == {"body": "There"}


def test_a_key_is_forgotten_after_a_day(ana, base, conversation, acme):
    _send(ana, base, conversation, "k1")
    with context.tenant(acme.schema_name):
        IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.KEPT_FOR)

    assert _send(ana, base, conversation, "k1", "Tomorrow").status_code == 202
    assert len(_sent(acme)) == 2


def test_a_refused_request_may_be_tried_again_with_its_key(ana, base, conversation, acme):
    with context.tenant(acme.schema_name):
        Conversation.objects.update(window_opened_at=None)
    check_problem(_send(ana, base, conversation, "k1"), 409, "window_closed")
    with context.tenant(acme.schema_name):
        Conversation.objects.update(window_opened_at=timezone.now())

    assert _send(ana, base, conversation, "k1").status_code == 202


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
def test_an_odd_key_is_400(ana, base, conversation, acme, key):
    problem = check_problem(_send(ana, base, conversation, key), 400, "invalid")

    assert [error["header"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert _sent(acme) == []


def test_old_keys_are_purged(ana, base, conversation, acme):
    _send(ana, base, conversation, "k1")
    later = timezone.now() + idempotency.KEPT_FOR

    with context.tenant(acme.schema_name):
        assert idempotency.purge(now=timezone.now()) == 0
        assert idempotency.purge(now=later) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_with_one_key_one_sends(people, base, conversation, acme):
    token = access_token(people["ana@acme.test"], acme)
    barrier = Barrier(8)

    def send(_number):
        barrier.wait(30)
        try:
            response = _send(Api("acme.localhost", token), base, conversation, "k1")
            return response.status_code, response.json().get("code"), response.json().get("id")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    (message,) = _sent(acme)
    assert (202, None, message.pk) in answers
    assert set(answers) <= {(202, None, message.pk), (409, "idempotency_running", None)}


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_running_the_second_is_409(acme, db):
    with context.tenant(acme.schema_name):
        inner = []

        def second():
            try:
                with context.tenant(acme.schema_name):
                    return idempotency.once(**{**request, "act": lambda: None})
            except idempotency.StillRunningError as error:
                return error.http_status
            finally:
                connection.close()

        def first():
            with ThreadPoolExecutor(1) as pool:
                inner.append(pool.submit(second).result(30))
            return idempotency.Answer(202, {"id": 1})

        request = {"client": "user:1", "key": "k", "fingerprint": "f", "now": timezone.now()}
        answer = idempotency.once(**request, act=first)

    assert inner == [409]
    assert answer.status == 202


def test_a_contact_without_a_number_is_listed(ana, base, phones, acme):
    with context.tenant(acme.schema_name):
        contact = Contact.objects.create(name="Sem número")
        Conversation.objects.create(
            phone=phones["acme"], contact=contact, last_message_at=timezone.now()
        )

    (row,) = ana.get(f"{base}/conversations/").json()["results"]

    assert row["contact"]["wa_id"] is None
    assert row["last_message"] is None
    assert row["window_closes_at"] is None
