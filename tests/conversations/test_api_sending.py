"""messages/send for every type: what works, whose it is, who may, and what is named when not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.api import sending
from conversations.models import Message
from conversations.rules import Lane
from tenants import context
from tests.api import api_of, check_problem
from tests.conversations.sending import conversation_with, message_in
from tests.whatsapp.test_limits import buttons, listed
from whatsapp.models import MediaFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(people):
    return api_of(people["ana@acme.test"])


@pytest.fixture
def place(acme):
    return f"/api/v1/tenant/{acme.pk}/messages/send"


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=1)
        found = conversation_with("5511987654321", phone=phones["acme"], opened_at=opened_at)
        message_in(found, status="RECEIVED", wamid="wamid.ASKED")
        return found


@pytest.fixture
def uploads(acme, people):
    """The files that the description's examples send."""
    with context.tenant(acme.schema_name):
        for pk, mime_type in ((51, "image/jpeg"), (52, "application/pdf"), (53, "audio/ogg")):
            MediaFile.objects.create(
                pk=pk,
                key=uuid4(),
                author=people["ana@acme.test"],
                mime_type=mime_type,
                size_bytes=1000,
                state="STORED",
            )


def _sent(tenant):
    with context.tenant(tenant.schema_name):
        return list(Message.objects.filter(direction="OUTBOUND"))


def _body(conversation, kind="text", content=None, **members):
    value = {"body": "Oi"} if content is None else content
    return {"conversation": conversation.pk, "type": kind, kind: value, **members}


def test_what_a_program_sends_goes_behind_what_people_write(ana, acme, place, conversation):
    assert ana.post(place, _body(conversation)).status_code == 202

    (message,) = _sent(acme)
    assert message.lane == Lane.API


@pytest.mark.parametrize("name", sending.REQUESTS)
def test_every_example_of_the_description_works(ana, place, conversation, uploads, name):
    body = {**sending.REQUESTS[name]}
    if "conversation" in body:
        body["conversation"] = conversation.pk
    if "context" in body:
        body["context"] = {"message_id": "wamid.ASKED"}

    response = ana.post(place, body)

    assert response.status_code == (200 if body.get("dry_run") else 202), response.json()
    assert response.json()["type"] == body["type"].upper()
    assert response.json()[body["type"]] == body[body["type"]]


def test_a_quoted_message_goes_along(ana, place, conversation, acme):
    assert ana.post(place, _body(conversation, context={"message_id": "wamid.ASKED"})).status_code

    assert [message.extras for message in _sent(acme)] == [{"context": {"id": "wamid.ASKED"}}]


@pytest.mark.parametrize(
    ("kind", "content", "pointer", "code"),
    [
        ("text", {"body": "x" * 4097}, "#/text/body", "max_length"),
        ("text", {"body": "x", "bold": True}, "#/text/bold", "unknown"),
        ("location", {"latitude": 91, "longitude": 0}, "#/location/latitude", "invalid"),
        ("contacts", [{"name": {}}], "#/contacts/0/name/formatted_name", "required"),
        (
            "reaction",
            {"message_id": "wamid.NONE", "emoji": "👍"},
            "#/reaction/message_id",
            "not_found",
        ),
        (
            "interactive",
            buttons("ok", "x" * 21),
            "#/interactive/action/buttons/1/reply/title",
            "max_length",
        ),
        ("interactive", listed(6, 5), "#/interactive/action/sections", "max_items"),
    ],
)
def test_what_meta_would_refuse_is_a_problem_that_names_the_field(
    ana, place, conversation, acme, kind, content, pointer, code
):
    for dry_run in (False, True):
        response = ana.post(place, _body(conversation, kind, content, dry_run=dry_run))

        problem = check_problem(response, 400, "invalid")
        assert (pointer, code) in [(e["pointer"], e["code"]) for e in problem["errors"]]
    assert _sent(acme) == []


def test_a_type_without_its_object_or_with_another_is_refused(ana, place, conversation, acme):
    missing = ana.post(place, {"conversation": conversation.pk, "type": "location"})
    surplus = ana.post(place, _body(conversation, location={"latitude": 1, "longitude": 2}))

    assert check_problem(missing, 400, "invalid")["errors"][0]["pointer"] == "#/location"
    assert check_problem(surplus, 400, "invalid")["errors"][0]["pointer"] == "#/location"
    assert _sent(acme) == []


@pytest.mark.parametrize("wamid", ["wamid.OTHER", "", 7])
def test_only_a_message_of_the_conversation_is_quoted(ana, place, conversation, acme, wamid):
    response = ana.post(place, _body(conversation, context={"message_id": wamid}))

    problem = check_problem(response, 400, "invalid")
    assert problem["errors"][0]["pointer"] == "#/context/message_id"
    assert _sent(acme) == []


def test_a_dry_run_answers_and_queues_nothing(ana, place, conversation, acme):
    response = ana.post(place, _body(conversation, "interactive", buttons("Sim"), dry_run=True))

    assert response.status_code == 200
    assert response.json() == {
        "dry_run": True,
        "conversation": conversation.pk,
        "phone": conversation.phone_id,
        "type": "INTERACTIVE",
        "interactive": buttons("Sim"),
    }
    assert _sent(acme) == []


def test_a_dry_run_tells_of_a_closed_window(ana, place, conversation, acme):
    with context.tenant(acme.schema_name):
        conversation.window_opened_at = timezone.now() - timedelta(days=2)
        conversation.save()

    response = ana.post(place, _body(conversation, dry_run=True))

    check_problem(response, 409, "window_closed")


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_viewer_sends_and_checks_nothing(people, place, conversation, acme, dry_run):
    vera = api_of(people["vera@acme.test"])

    response = vera.post(place, _body(conversation, "interactive", buttons("Sim"), dry_run=dry_run))

    check_problem(response, 403, "forbidden")
    assert _sent(acme) == []


@pytest.mark.parametrize("dry_run", [False, True])
def test_another_tenants_conversation_is_missing(ana, place, globex, phones, acme, dry_run):
    with context.tenant(globex.schema_name):
        opened_at = timezone.now()
        for number in range(3):
            foreign = conversation_with(
                f"5521{number}", phone=phones["globex"], opened_at=opened_at
            )

    response = ana.post(place, _body(foreign, dry_run=dry_run))

    check_problem(response, 404, "not_found")
    assert _sent(globex) == []
