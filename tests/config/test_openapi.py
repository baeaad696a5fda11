"""The description of the API: complete, valid, the same for everybody, and true."""

import json
from datetime import timedelta

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from config import openapi
from tenants import context
from tests.api import Api, api_of
from tests.conversations.sending import conversation_with, message_in

DOCUMENT = openapi.document()
OPERATIONS = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
}


def _validator(schema: dict) -> Draft202012Validator:
    document = Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:api", document)
    return Draft202012Validator(_absolute(schema), registry=registry)


def _absolute(node):
    if isinstance(node, dict):
        return {
            key: f"urn:api{value}" if key == "$ref" else _absolute(value)
            for key, value in node.items()
        }
    return [_absolute(item) for item in node] if isinstance(node, list) else node


def _check(operation: str, response) -> None:
    described = OPERATIONS[operation]["responses"][str(response.status_code)]
    (content,) = described["content"].items()
    media_type, media = content
    assert response["Content-Type"] == media_type
    _validator(media["schema"]).validate(response.json())


def _refs(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for item in node:
            yield from _refs(item)


# --- the document ---------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("spelling", ["/api/schema/", "/api/schema"])
def test_it_is_the_same_for_everybody(people, spelling):
    answers = [
        Api().get(spelling),
        Api("acme.localhost").get(spelling),
        Api("globex.localhost").get(spelling, Accept_Language="pt-br"),
        api_of(people["ana@acme.test"]).get(spelling),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json() == DOCUMENT


def test_it_is_openapi_3_1_with_every_route_once():
    assert DOCUMENT["openapi"] == "3.1.0"
    tenant = "/api/v1/tenant/{tenant_id}"
    assert sorted(DOCUMENT["paths"]) == [
        "/api/v1/auth/login",
        "/api/v1/auth/logout",
        "/api/v1/auth/refresh",
        f"{tenant}/accounts/{{waba_id}}/callback-override",
        f"{tenant}/analytics/conversations-stats",
        f"{tenant}/analytics/messages-count",
        f"{tenant}/analytics/performance",
        f"{tenant}/api-keys/",
        f"{tenant}/api-keys/{{id}}/",
        f"{tenant}/blocks/",
        f"{tenant}/blocks/refresh",
        f"{tenant}/broadcasts/",
        f"{tenant}/broadcasts/{{id}}/",
        f"{tenant}/broadcasts/{{id}}/cancel",
        f"{tenant}/broadcasts/{{id}}/forecast",
        f"{tenant}/broadcasts/{{id}}/pause",
        f"{tenant}/broadcasts/{{id}}/recipients",
        f"{tenant}/broadcasts/{{id}}/resume",
        f"{tenant}/broadcasts/{{id}}/retry",
        f"{tenant}/broadcasts/{{id}}/start",
        f"{tenant}/broadcasts/{{id}}/test",
        f"{tenant}/changes",
        f"{tenant}/contact-attributes/",
        f"{tenant}/contact-attributes/{{id}}/",
        f"{tenant}/contacts/",
        f"{tenant}/contacts/{{id}}/",
        f"{tenant}/contacts/{{id}}/block",
        f"{tenant}/contacts/{{id}}/consent",
        f"{tenant}/contacts/{{id}}/merge",
        f"{tenant}/conversations/",
        f"{tenant}/conversations/{{id}}/",
        f"{tenant}/conversations/{{id}}/assignee",
        f"{tenant}/conversations/{{id}}/labels",
        f"{tenant}/conversations/{{id}}/labels/{{label_id}}",
        f"{tenant}/conversations/{{id}}/messages",
        f"{tenant}/conversations/{{id}}/notes",
        f"{tenant}/conversations/{{id}}/notes/{{note_id}}",
        f"{tenant}/conversations/{{id}}/read",
        f"{tenant}/conversations/{{id}}/status",
        f"{tenant}/dashboard/stats",
        f"{tenant}/invitations/",
        f"{tenant}/invitations/{{id}}/",
        f"{tenant}/invitations/{{id}}/resend",
        f"{tenant}/jobs/{{id}}/",
        f"{tenant}/labels/",
        f"{tenant}/labels/{{id}}/",
        f"{tenant}/media/",
        f"{tenant}/media/{{id}}/",
        f"{tenant}/media/{{id}}/file",
        f"{tenant}/messages/bulk",
        f"{tenant}/messages/send",
        f"{tenant}/messages/template",
        f"{tenant}/messages/{{id}}/",
        f"{tenant}/messages/{{id}}/cancel",
        f"{tenant}/messages/{{id}}/retry",
        f"{tenant}/meta-apps/",
        f"{tenant}/meta-apps/{{id}}/",
        f"{tenant}/meta-apps/{{id}}/previous-secret",
        f"{tenant}/phones/",
        f"{tenant}/phones/signup",
        f"{tenant}/phones/{{id}}/",
        f"{tenant}/phones/{{id}}/app",
        f"{tenant}/phones/{{id}}/callback-override",
        f"{tenant}/phones/{{id}}/check",
        f"{tenant}/phones/{{id}}/profile",
        f"{tenant}/phones/{{id}}/profile/refresh",
        f"{tenant}/phones/{{id}}/token",
        f"{tenant}/sessions/",
        f"{tenant}/sessions/{{session_id}}/",
        f"{tenant}/support-access/",
        f"{tenant}/templates/",
        f"{tenant}/templates/sync",
        f"{tenant}/templates/{{id}}/",
        f"{tenant}/users/",
        f"{tenant}/users/{{id}}/",
        f"{tenant}/webhooks-out/",
        f"{tenant}/webhooks-out/{{id}}/",
        f"{tenant}/webhooks-out/{{id}}/deliveries",
        f"{tenant}/webhooks-out/{{id}}/deliveries/{{delivery_id}}/replay",
        f"{tenant}/webhooks-out/{{id}}/replay",
        f"{tenant}/webhooks-out/{{id}}/rotate-secret",
        f"{tenant}/webhooks-out/{{id}}/test",
    ]


def test_its_references_lead_somewhere_and_nothing_is_left_over():
    names = {ref.removeprefix("#/components/") for ref in _refs(DOCUMENT)}

    kinds = {kind: DOCUMENT["components"][kind] for kind in ("schemas", "headers")}
    assert names == {f"{kind}/{name}" for kind, listed in kinds.items() for name in listed}


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_every_schema_is_a_json_schema(name):
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_says_what_it_does_and_how_it_refuses(name):
    operation = OPERATIONS[name]

    assert operation["summary"]
    assert operation["tags"]
    assert {"400", "401", "503"} <= set(operation["responses"])
    for status, response in operation["responses"].items():
        assert response["description"]
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]


def test_only_signing_in_needs_no_token():
    free = {name for name, operation in OPERATIONS.items() if not operation.get("security")}

    assert free == {"auth_login", "auth_refresh"}
    assert DOCUMENT["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"
    assert DOCUMENT["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"


def test_examples_are_what_their_schemas_say():
    found = 0
    for operation in OPERATIONS.values():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            values = [example["value"] for example in media.get("examples", {}).values()]
            for value in [*values, *([media["example"]] if "example" in media else [])]:
                _validator(media["schema"]).validate(value)
                found += 1
    assert found > 10 * len(OPERATIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_body_has_an_example(name):
    operation = OPERATIONS[name]
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]

    for body in bodies:
        for media in body.get("content", {}).values():
            assert media.get("examples") or media.get("example")


# --- and the truth --------------------------------------------------------------------------------
@pytest.fixture
def base(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def conversation(phones, acme, people):
    """A conversation with one message of several types and statuses."""
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=1)
        made = conversation_with("5511987654321", phone=phones["acme"], opened_at=opened_at)
        message_in(made, status="RECEIVED", type="CONTACTS", content=[{"name": {}}], wamid="w1")
        message_in(made, status="RECEIVED", type="UNSUPPORTED", content={"errors": []}, wamid="w2")
        message_in(made, status="UNCONFIRMED")
        made.last_message = message_in(
            made, status="FAILED", error_code=131047, author=people["ana@acme.test"]
        )
        made.last_message_at = made.last_message.timestamp
        made.save()
        return made


@pytest.mark.django_db
def test_what_is_answered_is_what_is_described(people, base, conversation):
    ana, vera = api_of(people["ana@acme.test"]), api_of(people["vera@acme.test"])
    message = {"type": "text", "text": {"body": "Oi"}, "conversation": conversation.pk}
    thread = f"{base}/conversations/{conversation.pk}"
    login = Api("acme.localhost").post(
        "/api/v1/auth/login", {"email": "ana@acme.test", "password": "demo"}
    )

    _check("auth_login", login)
    _check("auth_login", Api().post("/api/v1/auth/login", {}))
    _check("auth_refresh", ana.post("/api/v1/auth/refresh", {"refresh": login.json()["refresh"]}))
    _check("auth_refresh", ana.post("/api/v1/auth/refresh", {"refresh": "x"}))
    _check("conversations_list", ana.get(f"{base}/conversations/?limit=1"))
    _check("conversations_list", ana.get(f"{base}/conversations/?limit=x"))
    _check("conversations_list", Api().get(f"{base}/conversations/"))
    _check("conversations_read", ana.get(f"{thread}/"))
    _check("conversations_read", ana.get(f"{base}/conversations/999/"))
    _check("conversations_messages", ana.get(f"{thread}/messages?limit=2"))
    _check("messages_send", ana.post(f"{base}/messages/send", message))
    _check("messages_send", vera.post(f"{base}/messages/send", message))
    _check("messages_send", ana.post(f"{base}/messages/send", {**message, "conversation": "x"}))
    _check("messages_send", ana.post(f"{base}/messages/send", message, Accept="text/html"))


# --- the page -------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("host", ["localhost", "acme.localhost"])
def test_the_page_needs_no_other_host_and_no_inline_script(acme, host):
    response = Client(SERVER_NAME=host).get("/api/docs/")

    html = response.content.decode()
    assert response.status_code == 200
    assert "http://" not in html
    assert "https://" not in html
    policy = response["Content-Security-Policy"]
    assert "script-src" not in policy or "unsafe" not in policy.partition("script-src")[2]
    assert "default-src 'self'" in policy
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        path = f"drf_spectacular_sidecar/swagger-ui-dist/{name}"
        assert f"{settings.STATIC_URL}{path}" in html
        assert finders.find(path)


def test_the_document_is_plain_json():
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_the_file_says_what_the_api_does():
    """Who generates a client takes the file; `make schema` renews it."""
    kept = yaml.load((settings.BASE_DIR / "docs/openapi.yaml").read_text(), yaml.CSafeLoader)

    assert kept == DOCUMENT
