"""Broadcasts by the API: made from a list or a file, started, stopped, and read row by row."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversations.models import Broadcast, BroadcastRecipient, Message
from conversations.services.broadcasts import intake
from tenants import context, queue
from tests.api import access_token, api_of, check_problem
from tests.conversations import lists
from tests.conversations.sending import conversation_with
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate

pytestmark = pytest.mark.django_db
CSV = b"telefone;nome\n+55 11 98765-4321;Ana\n+55 11 98765-4322;Bia\n"
NAMES = {"name": "pedido_saiu", "language": "pt_BR"}
ACTS = ("start", "pause", "resume", "cancel", "retry", "test")


@pytest.fixture(autouse=True)
def _no_nudges(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture
def api(people):
    return api_of(people["ana@acme.test"])


@pytest.fixture
def url(acme):
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def approved(acme, phones):
    with context.tenant(acme.schema_name):
        return template()


@pytest.fixture
def made(acme, phones, actor, approved):
    def make(count=3, **fields) -> Broadcast:
        with context.tenant(acme.schema_name):
            author = actor("ana@acme.test").user
            known = MessageTemplate.objects.get()
            return lists.broadcast_to(
                lists.numbers(count), phone=phones["acme"], author=author, approved=known, **fields
            )

    return make


@pytest.fixture
def upload(people, acme, approved):
    """Post a form; return the answer."""

    def send(body=CSV, who="ana@acme.test", key="", **changes):
        form = {"name": "Natal", "template": "pedido_saiu", "language": "pt_BR"}
        form |= {"file": SimpleUploadedFile("a.csv", body, "text/csv"), **changes}
        headers = {"Authorization": f"Bearer {access_token(people[who], acme)}"}
        headers |= {"Idempotency-Key": key} if key else {}
        address = f"/api/v1/tenant/{acme.pk}/broadcasts/"
        return Client(SERVER_NAME="localhost").post(address, form, headers=headers)

    return send


def bulk(*numbers, **changes) -> dict:
    values = {"body.1": "Ana", "body.2": "A-7"}
    recipients = [{"to": number, "values": values} for number in numbers]
    return {"name": "Natal", "template": NAMES, "recipients": recipients, **changes}


def read(tenant) -> Broadcast:
    with context.tenant(tenant.schema_name):
        intake.prepare(broadcast_id=Broadcast.objects.get().pk)
        return Broadcast.objects.get()


def test_a_list_is_taken_and_started_as_soon_as_it_is_read(acme, api, url, people, approved):
    body = bulk("+5511987654321", "+55 11 98765-4321", "abc", start=True)

    answer = api.post(f"{url}/messages/bulk", body)

    assert answer.status_code == 202
    assert answer.json()["status"] == "PREPARING"
    found = read(acme)
    assert (found.status, found.counts) == ("RUNNING", {"READY": 1, "SKIPPED": 2})
    assert found.author_id == people["ana@acme.test"].pk
    again = api.get(answer["Location"]).json()
    assert (again["id"], again["status"], again["total"]) == (found.pk, "RUNNING", 3)
    rows = api.get(f"{answer['Location']}recipients").json()
    assert [row["reason"] for row in rows["results"]] == ["", "DUPLICATE", "INVALID_NUMBER"]
    assert [row["first_row"] for row in rows["results"]] == [None, 1, None]
    assert rows["results"][1]["detail"].endswith("Row 1 came first.")


def test_a_key_of_no_field_leaves_its_row_out(acme, api, url, approved):
    body = bulk("+5511987654321")
    body["recipients"][0]["values"]["body.9"] = "Ana"

    assert api.post(f"{url}/messages/bulk", body).status_code == 202

    assert read(acme).counts == {"SKIPPED": 1}


@pytest.mark.parametrize("key", ["\x00", "\ud800"])
def test_a_key_of_nothing_in_a_form_breaks_nothing(acme, upload, key):
    values = {f"x{key}": {"text": "Ana"}, "body.1": {"text": "Ana"}, "body.2": {"text": "A"}}

    assert upload(values=json.dumps(values)).status_code == 202

    assert read(acme).counts == {"SKIPPED": 2}


def test_without_start_it_waits(acme, api, url, approved):
    api.post(f"{url}/messages/bulk", bulk("+5511987654321"))

    assert read(acme).status == "DRAFT"


def test_what_forbids_the_start_stands_on_the_draft(acme, api, url, approved):
    api.post(f"{url}/messages/bulk", bulk("abc", start=True))

    found = read(acme)

    assert found.status == "DRAFT"
    assert found.problem == "There is nobody on the list whom this broadcast could write to."


def test_the_same_key_makes_one(acme, api, url, approved):
    answers = [
        api.post(f"{url}/messages/bulk", bulk("+5511987654321"), Idempotency_Key="k1")
        for _time in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert answers[1]["Location"] == answers[0]["Location"]
    assert answers[1]["Idempotent-Replayed"] == "true"
    other = api.post(f"{url}/messages/bulk", bulk("+5511900000000"), Idempotency_Key="k1")
    check_problem(other, 422, "idempotency_other_body")
    with context.tenant(acme.schema_name):
        assert Broadcast.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"recipients": []}, "#/recipients"),
        ({"recipients": [{"values": {}}]}, "#/recipients/0/to"),
        ({"recipients": [{"to": 5511987654321}]}, "#/recipients/0/to"),
        ({"name": ""}, "#/name"),
        ({"template": {"name": "x"}}, "#/template/language"),
        ({"odd": 1}, "#/odd"),
        ({"contacts": {}}, "#/recipients"),
        ({"values": {"body.1": {"column": "nome"}}}, "#/values/body.1"),
    ],
    ids=["nobody", "no-number", "number", "name", "template", "odd", "both", "values"],
)
def test_bad_input_is_named(api, url, approved, changes, pointer):
    answer = api.post(f"{url}/messages/bulk", bulk("+5511987654321", **changes))

    problem = check_problem(answer, 400, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def chosen(**changes) -> dict:
    values = {"body.2": {"text": "A-1"}, "body.1": {"column": "name"}}
    return {"name": "Natal", "template": NAMES, "contacts": {}, "values": values, **changes}


def test_contacts_of_the_inbox_are_chosen(acme, api, url, approved, phones):
    with context.tenant(acme.schema_name):
        opened = conversation_with("5511987654321", phone=phones["acme"], opened_at=lists.now())
        opened.contact.name = "Ana"
        opened.contact.save()
        conversation_with("5511987654322", phone=phones["acme"], opened_at=None)

    answer = api.post(f"{url}/messages/bulk", chosen(contacts={"wrote_within_days": 2}, start=True))

    assert answer.status_code == 202, answer.content
    assert read(acme).counts == {"READY": 1}
    with context.tenant(acme.schema_name):
        row = BroadcastRecipient.objects.get()
        assert (row.value, row.values) == ("5511987654321", {"body.1": "Ana", "body.2": "A-1"})
    nobody = api.post(f"{url}/messages/bulk", chosen(contacts={"q": "nobody"}))
    check_problem(nobody, 400, "nobody_chosen")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"contacts": {"odd": 1}}, "#/contacts/odd"),
        ({"contacts": {"marketing": "ODD"}}, "#/contacts/marketing"),
        ({"contacts": {"status": ["ODD"]}}, "#/contacts/status/0"),
        ({"contacts": {"wrote_within_days": 0}}, "#/contacts/wrote_within_days"),
        ({"contacts": None}, "#/contacts"),
        ({"values": {"body.1": {"column": "a", "text": "b"}}}, "#/values/body.1"),
    ],
    ids=["odd", "marketing", "status", "days", "none", "both"],
)
def test_a_choice_that_will_not_do_is_named(acme, api, url, approved, changes, pointer):
    problem = check_problem(api.post(f"{url}/messages/bulk", chosen(**changes)), 400, "invalid")

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    with context.tenant(acme.schema_name):
        assert not Broadcast.objects.exists()


def test_more_than_fit_are_refused(api, url, approved):
    answer = api.post(f"{url}/messages/bulk", bulk(*["+5511987654321"] * 5001))

    check_problem(answer, 400, "invalid")


def test_an_unknown_template_is_refused(api, url, approved):
    body = bulk("+5511987654321", template={"name": "nada", "language": "pt_BR"})

    check_problem(api.post(f"{url}/messages/bulk", body), 409, "template_unknown")


def test_a_file_is_taken_with_its_columns(acme, upload):
    values = {"body.1": {"column": "nome"}, "body.2": {"text": "A-1"}}

    answer = upload(values=json.dumps(values))

    assert answer.status_code == 202, answer.content
    assert answer["Location"].endswith(f"/broadcasts/{answer.json()['id']}/")
    assert read(acme).counts == {"READY": 2}
    with context.tenant(acme.schema_name):
        row = BroadcastRecipient.objects.get(position=1)
        assert row.values == {"body.1": "Ana", "body.2": "A-1"}


def test_a_file_twice_with_the_same_key_makes_one(acme, upload):
    assert upload(key="k").json() == upload(key="k").json()
    check_problem(upload(CSV + b"1;2\n", key="k"), 422, "idempotency_other_body")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": b""}, "list_unreadable"),
        ({"values": "[]"}, "invalid"),
        ({"values": '{"body.1": {"column": "nome", "text": "x"}}'}, "invalid"),
        ({"values": "{"}, "invalid"),
    ],
    ids=["empty", "list", "both", "broken"],
)
def test_a_file_that_will_not_do_is_refused(acme, upload, changes, code):
    check_problem(upload(**changes), 400, code)
    with context.tenant(acme.schema_name):
        assert not Broadcast.objects.exists()


def test_the_list_of_broadcasts_is_walked_through(api, url, made):
    first, second = made(1), made(2)

    page = api.get(f"{url}/broadcasts/?limit=1").json()

    assert [one["id"] for one in page["results"]] == [second.pk]
    rest = api.get(page["next"].partition("localhost")[2]).json()
    assert [one["id"] for one in rest["results"]] == [first.pk]


def test_rows_are_read_by_state_and_page(acme, api, url, made):
    broadcast = made()
    with context.tenant(acme.schema_name):
        broadcast.recipients.filter(position=2).update(state="SKIPPED", reason="DUPLICATE")
    address = f"{url}/broadcasts/{broadcast.pk}/recipients"

    ready = api.get(f"{address}?state=READY&limit=1").json()
    rest = api.get(f"{address}?state=READY&after={ready['next_after']}").json()
    skipped = api.get(f"{address}?reason=DUPLICATE").json()

    assert [row["position"] for row in ready["results"]] == [1]
    assert [row["position"] for row in rest["results"]] == [3]
    assert rest["next_after"] is None
    assert skipped["results"][0]["detail"] == "The same person stands on the list already."
    check_problem(api.get(f"{address}?state=ODD"), 400, "invalid")


def test_acts_change_the_state_and_a_wrong_one_is_refused(api, url, made):
    address = f"{url}/broadcasts/{made().pk}"

    states = [
        api.post(f"{address}/{act}").json()["status"]
        for act in ("start", "pause", "resume", "cancel")
    ]

    assert states == ["RUNNING", "PAUSED", "RUNNING", "CANCELLED"]
    check_problem(api.post(f"{address}/resume"), 409, "broadcast_state")
    check_problem(api.send("DELETE", f"{address}/"), 409, "broadcast_state")


def test_whom_it_failed_for_is_written_to_again(acme, api, url, made, phones):
    broadcast = made(1, status="FINISHED")

    check_problem(api.post(f"{url}/broadcasts/{broadcast.pk}/retry"), 409, "nobody_left")


def test_a_draft_is_deleted(acme, api, url, made):
    address = f"{url}/broadcasts/{made().pk}/"

    assert api.send("DELETE", address).status_code == 204
    check_problem(api.get(address), 404, "not_found")


def test_a_list_that_is_being_read_is_deleted(api, url, approved):
    address = api.post(f"{url}/messages/bulk", bulk("+5511987654321"))["Location"]

    assert api.send("DELETE", address).status_code == 204
    check_problem(api.get(address), 404, "not_found")


def test_a_test_goes_to_one_number(acme, api, url, made):
    address = f"{url}/broadcasts/{made().pk}/test"

    answers = [
        api.post(address, {"to": "+5511911112222"}, Idempotency_Key="t") for _time in range(2)
    ]

    assert answers[0].status_code == 202
    assert answers[0].json() == answers[1].json()
    with context.tenant(acme.schema_name):
        assert Message.objects.get().text == "Olá Ana, seu pedido A-7 saiu."
    check_problem(api.post(address, {"to": "abc"}), 400, "number_invalid")


def test_a_viewer_reads_and_does_nothing(people, url, made, upload):
    vera = api_of(people["vera@acme.test"])
    broadcast = made()
    address = f"{url}/broadcasts/{broadcast.pk}"

    assert vera.get(f"{address}/").status_code == 200
    assert vera.get(f"{address}/recipients").status_code == 200
    check_problem(vera.post(f"{url}/messages/bulk", bulk("+5511987654321")), 403, "forbidden")
    check_problem(upload(who="vera@acme.test"), 403, "forbidden")
    check_problem(vera.send("DELETE", f"{address}/"), 403, "forbidden")
    for act in ACTS:
        check_problem(vera.post(f"{address}/{act}"), 403, "forbidden")


def test_another_tenant_finds_nothing(people, globex, url, made):
    broadcast = made()
    stranger = api_of(people["ana@globex.test"])
    for place in (url, f"/api/v1/tenant/{globex.pk}"):
        address = f"{place}/broadcasts/{broadcast.pk}"
        check_problem(stranger.get(f"{address}/"), 404, "not_found")
        check_problem(stranger.get(f"{address}/recipients"), 404, "not_found")
        check_problem(stranger.send("DELETE", f"{address}/"), 404, "not_found")
        for act in ACTS:
            body = {"to": "+5511911112222"} if act == "test" else None
            check_problem(stranger.post(f"{address}/{act}", body), 404, "not_found")
    check_problem(stranger.post(f"{url}/messages/bulk", bulk("+5511987654321")), 404, "not_found")
