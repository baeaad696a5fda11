"""Templates from page and API: queued whatever the window says, by who may, in their own tenant."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Contact, Conversation, Message
from conversations.services import claims, heads, outbound, template_sending
from conversations.services.template_sending import (
    OptedOutError,
    TemplateNotApprovedError,
    TemplateUnknownError,
    ValuesInvalidError,
)
from tenants import context
from tenants.errors import ForbiddenError, NotFoundError
from tests.api import Api, api_of, check_problem
from tests.conversations.sending import conversation_with
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate, Phone

pytestmark = pytest.mark.django_db

VALUES = {"body.1": "Ana", "body.2": "A-7"}
CUSTOMER = "5511987654321"


@pytest.fixture
def conversation(phones, acme) -> Conversation:
    """One that has been silent for days."""
    with context.tenant(acme.schema_name):
        opened = timezone.now() - timedelta(days=3)
        return conversation_with(CUSTOMER, phone=phones["acme"], opened_at=opened)


@pytest.fixture
def approved(acme) -> MessageTemplate:
    with context.tenant(acme.schema_name):
        return template()


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


@pytest.fixture
def url(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/messages/template"


def _send(actor, conversation, approved, **changes) -> Message:
    with context.tenant(actor.tenant.schema_name):
        return template_sending.send_template(
            **{
                "actor": actor,
                "conversation": conversation,
                "template": approved,
                "values": VALUES,
                "client_id": uuid4(),
                "now": timezone.now(),
                **changes,
            }
        )


def _body(conversation, /, **changes) -> dict:
    names = {"name": "pedido_saiu", "language": "pt_BR"}
    return {"conversation": conversation.pk, "template": names, "values": VALUES, **changes}


def _messages(acme) -> list[Message]:
    with context.tenant(acme.schema_name):
        return list(Message.objects.order_by("pk"))


# --- the service ----------------------------------------------------------------------------------
def test_a_template_leaves_though_the_window_is_closed(acme, actor, conversation, approved):
    message = _send(actor("ana@acme.test"), conversation, approved)

    assert (message.type, message.status) == ("TEMPLATE", "PENDING")
    assert message.text == "Olá Ana, seu pedido A-7 saiu."
    assert message.content["components"][0]["parameters"][1] == {"type": "text", "text": "A-7"}
    assert message.extras["template"]["body"] == message.text
    with context.tenant(acme.schema_name):
        (claim,) = claims.take(phone_id=conversation.phone_id, limit=5).claims
    assert claim.body["type"] == "template"
    assert claim.body["template"] == message.content


def test_a_free_text_still_does_not(acme, actor, conversation):
    with context.tenant(acme.schema_name), pytest.raises(outbound.WindowClosedError):
        outbound.send_text(
            actor=actor("ana@acme.test"),
            conversation=conversation,
            text="oi",
            client_id=uuid4(),
            now=timezone.now(),
        )


def test_a_double_click_sends_once(acme, actor, conversation, approved):
    client_id = uuid4()
    first = _send(actor("ana@acme.test"), conversation, approved, client_id=client_id)

    assert _send(actor("ana@acme.test"), conversation, approved, client_id=client_id) == first
    with pytest.raises(outbound.ClientIdReusedError):
        _send(
            actor("ana@acme.test"),
            conversation,
            approved,
            client_id=client_id,
            values={"body.1": "Bia", "body.2": "B"},
        )
    assert len(_messages(acme)) == 1


@pytest.mark.parametrize("status", ["PENDING", "PAUSED", "REJECTED", "DELETED", "NEW_WORD"])
def test_only_approved_ones_are_sent(acme, actor, conversation, approved, status):
    approved.status = status

    with pytest.raises(TemplateNotApprovedError):
        _send(actor("ana@acme.test"), conversation, approved)


@pytest.mark.parametrize("category", ["MARKETING", "UTILITY"])
def test_who_wants_no_marketing_gets_none(acme, actor, conversation, approved, category):
    approved.category = category
    with context.tenant(acme.schema_name):
        Contact.objects.update(marketing_opted_out_at=timezone.now())

    if category == "UTILITY":
        assert _send(actor("ana@acme.test"), conversation, approved).pk
    else:
        with pytest.raises(OptedOutError):
            _send(actor("ana@acme.test"), conversation, approved)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("category", ["MARKETING", "UTILITY"])
def test_a_stop_said_while_it_waits_holds_marketing_back(
    acme, actor, phones, conversation, approved, category
):
    approved.category = category
    message = _send(actor("ana@acme.test"), conversation, approved)
    with context.tenant(acme.schema_name):
        Contact.objects.update(marketing_opted_out_at=timezone.now())
        found = claims.take(phone_id=phones["acme"].pk, limit=5).claims
        taken = [claim.message_id for claim in found]

        message.refresh_from_db()
        if category == "UTILITY":
            assert taken == [message.pk]
        else:
            assert taken == []
            assert (message.status, message.error_code) == ("FAILED", heads.OPTED_OUT)
            assert message.failure.detail == heads.STOPPED_WHILE_QUEUED


def test_another_accounts_template_is_none_of_this_number(actor, conversation, approved):
    approved.waba_id = "999999"

    with pytest.raises(TemplateUnknownError):
        _send(actor("ana@acme.test"), conversation, approved)


def test_what_meta_would_refuse_never_leaves(acme, actor, conversation, approved):
    with pytest.raises(ValuesInvalidError) as refusal:
        _send(actor("ana@acme.test"), conversation, approved, values={"body.1": "a\nb"})

    places = {place for place, _, _ in refusal.value.context["errors"]}
    assert places == {("values", "body.1"), ("values", "body.2")}
    assert _messages(acme) == []


def test_a_number_that_is_off_sends_no_template(acme, actor, conversation, approved):
    with context.tenant(acme.schema_name):
        Phone.objects.update(status="INACTIVE")

    with pytest.raises(outbound.PhoneInactiveError):
        _send(actor("ana@acme.test"), conversation, approved)


def test_viewers_and_other_tenants_send_none(acme, globex, actor, conversation, approved):
    with pytest.raises(ForbiddenError):
        _send(actor("vera@acme.test"), conversation, approved)
    with context.tenant(acme.schema_name), pytest.raises(NotFoundError):
        template_sending.send_template(
            actor=actor("ana@globex.test"),
            conversation=conversation,
            template=approved,
            values=VALUES,
            client_id=uuid4(),
            now=timezone.now(),
        )


# --- the API --------------------------------------------------------------------------------------
def test_the_api_queues_a_template(acme, ana, url, conversation, approved):
    response = ana.post(url, _body(conversation))

    assert response.status_code == 202
    assert response.json()["type"] == "TEMPLATE"
    assert response.json()["template"]["name"] == "pedido_saiu"
    assert len(_messages(acme)) == 1


def test_the_api_sends_to_a_number_that_is_known(ana, url, conversation, approved):
    body = _body(conversation, to=f"+{CUSTOMER}")
    del body["conversation"]

    answer = ana.post(url, body)

    assert (answer.status_code, answer.json()["conversation"]) == (202, conversation.pk)


def test_the_same_key_sends_once(acme, ana, url, conversation, approved):
    answers = [ana.post(url, _body(conversation), Idempotency_Key="k1") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(_messages(acme)) == 1


def test_every_place_that_would_be_refused_is_named(ana, url, conversation, approved):
    problem = check_problem(ana.post(url, _body(conversation, values={"x": "y"})), 400, "invalid")

    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("#/values/x", "unknown"),
        ("#/values/body.1", "required"),
        ("#/values/body.2", "required"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"body.1": 3}},
        {"values": []},
        {"values": {"body.1": "x" * 3000}},
        {"template": "pedido_saiu"},
        {"template": {"name": "pedido_saiu"}},
        {"to": "+5511987654321"},
        {"conversation": "7"},
        {"more": 1},
    ],
)
def test_odd_requests_are_refused(acme, ana, url, conversation, approved, changes):
    check_problem(ana.post(url, _body(conversation, **changes)), 400, "invalid")
    assert _messages(acme) == []


def test_an_unknown_template_is_a_conflict(ana, url, conversation, approved):
    names = {"name": "pedido_saiu", "language": "pt"}
    answer = ana.post(url, _body(conversation, template=names))

    check_problem(answer, 409, "template_unknown")


def test_the_api_is_for_the_tenants_operators(people, url, conversation, approved):
    check_problem(api_of(people["vera@acme.test"]).post(url, _body(conversation)), 403, "forbidden")
    foreign = api_of(people["ana@globex.test"], public=True)
    check_problem(foreign.post(url, _body(conversation)), 404, "not_found")
    assert Api("acme.localhost").post(url, _body(conversation)).status_code == 401


# --- the pages ------------------------------------------------------------------------------------
def _address(conversation, approved=None) -> str:
    end = f"/{approved.pk}" if approved else ""
    return f"/inbox/{conversation.pk}/templates{end}"


def test_a_closed_composer_leads_to_the_templates(page, conversation):
    shown = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert f'href="{_address(conversation)}"' in shown


@pytest.mark.parametrize("part", [False, True])
def test_approved_templates_are_offered(acme, page, conversation, approved, part):
    with context.tenant(acme.schema_name):
        template("not_yet", status="PENDING")
        template("elsewhere", waba_id="999999")
    headers = {"HX-Request": "true", "HX-Target": "template-panel"} if part else {}

    shown = page("ana@acme.test").get(_address(conversation), headers=headers).content.decode()

    assert "pedido_saiu" in shown
    assert "not_yet" not in shown
    assert "elsewhere" not in shown
    assert ("<html" in shown) is not part


def test_a_search_finds_by_name(page, conversation, approved):
    ana = page("ana@acme.test")

    assert "pedido_saiu" in ana.get(_address(conversation) + "?q=SAIU").content.decode()
    assert "pedido_saiu" not in ana.get(_address(conversation) + "?q=x%00").content.decode()


def test_the_preview_follows_what_is_typed(page, conversation, approved):
    headers = {"HX-Request": "true", "HX-Target": "template-preview"}
    address = f"{_address(conversation, approved)}?body.1=<b>Ana</b>"

    shown = page("ana@acme.test").get(address, headers=headers).content.decode()

    assert "Olá &lt;b&gt;Ana&lt;/b&gt;, seu pedido {{2}} saiu." in shown
    assert "<form" not in shown


def test_a_customers_name_is_filled_in(acme, page, conversation):
    with context.tenant(acme.schema_name):
        named = template(
            parameter_format="NAMED", components=[{"type": "BODY", "text": "Oi {{first_name}}!"}]
        )

    shown = page("ana@acme.test").get(_address(conversation, named)).content.decode()

    assert 'value="Customer"' in shown


def test_a_template_is_sent_from_the_page_once(acme, page, conversation, approved):
    ana = page("ana@acme.test")
    form = {**VALUES, "client_id": str(uuid4())}

    answers = [ana.post(_address(conversation, approved), form) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [f"/inbox/{conversation.pk}/#composer"] * 2
    (message,) = _messages(acme)
    assert message.text == "Olá Ana, seu pedido A-7 saiu."
    assert message.text in ana.get(f"/inbox/{conversation.pk}/").content.decode()


def test_a_refused_form_keeps_what_was_typed(acme, page, conversation, approved):
    form = {"body.1": "Ana  Bia", "body.2": "five     spaces", "client_id": str(uuid4())}

    answer = page("ana@acme.test").post(_address(conversation, approved), form)

    assert answer.status_code == 400
    shown = answer.content.decode()
    assert 'value="Ana  Bia"' in shown
    assert shown.count('aria-invalid="true"') == 1
    assert _messages(acme) == []


def test_the_pages_are_for_the_tenants_operators(page, conversation, approved):
    for address in (_address(conversation), _address(conversation, approved)):
        assert page("vera@acme.test").get(address).status_code == 403
        assert page("ana@globex.test").get(address).status_code == 404
    posted = page("ana@globex.test").post(_address(conversation, approved), VALUES)
    assert posted.status_code == 404
    assert page("ana@acme.test").get("/inbox/999/templates").status_code == 404
    assert page("ana@acme.test").get(f"/inbox/{conversation.pk}/templates/999").status_code == 404
