"""Templates from WhatsApp to the customer: fetched, reviewed, filled in, sent and accepted."""

from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import delivery, template_sending
from tenants import context
from tests.conversations.sending import conversation_with
from tests.whatsapp.simulator.conftest import config_for, wait_until
from whatsapp import rendering
from whatsapp.models import Job, MessageTemplate
from whatsapp.services import templates, working
from whatsapp.simulator import Config, Simulator

pytestmark = pytest.mark.django_db(transaction=True)

FILLED = {"text": "Ana", "url": "A-7", "code": "VOLTE10", "payload": "MARK"}
FILLED |= {"media": "https://example.com/a.png", "number": "-23.5"}
FILLED |= {"moment": "2026-12-31T23:59-03:00"}
NEW = {
    "name": "tudo_junto",
    "language": "pt_BR",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
        {
            "type": "BODY",
            "text": "Olá {{nome}}, seu pedido {{pedido}} saiu para entrega.",
            "example": {
                "body_text_named_params": [
                    {"param_name": "nome", "example": "Ana"},
                    {"param_name": "pedido", "example": "A-7"},
                ]
            },
        },
        {"type": "FOOTER", "text": "Loja Acme"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Sim"},
                {"type": "URL", "text": "Ver", "url": "https://a.b/{{1}}", "example": ["x"]},
                {"type": "COPY_CODE", "example": "VOLTE10"},
            ],
        },
    ],
}

BODY = [{"type": "BODY", "text": "Olá! Já vamos responder."}]


@pytest.fixture
def sim(settings, phones):
    with Simulator(Config.parse(config_for("http://127.0.0.1:9/"))).running() as simulator:
        settings.GRAPH_API_URL = simulator.url
        yield simulator


def _work() -> None:
    """Do what tasks would: everything that waits for WhatsApp."""
    while True:
        job = Job.objects.filter(state=Job.State.QUEUED).order_by("pk").first()
        if job is None:
            return
        working.run(job_id=job.pk)


def _statuses() -> dict[str, str]:
    return dict(MessageTemplate.objects.values_list("name", "status"))


def test_a_template_is_made_reviewed_fetched_and_sent(acme, actor, phones, sim):
    boss = actor("admin@acme.test")
    with context.tenant(acme.schema_name):
        templates.create(actor=boss, waba_id=phones["acme"].waba_id, template=NEW)
        _work()
        assert _statuses()["tudo_junto"] == "PENDING"

        def approved() -> bool:
            templates.sync(actor=boss)
            _work()
            return _statuses()["tudo_junto"] == "APPROVED"

        wait_until(approved)
        conversation = conversation_with("5511987654321", phone=phones["acme"], opened_at=None)
        for template in MessageTemplate.objects.order_by("name"):
            fields = rendering.fields(template.definition)
            template_sending.send_template(
                actor=boss,
                conversation=conversation,
                template=template,
                values={field.key: FILLED[field.kind] for field in fields},
                client_id=uuid4(),
                now=timezone.now(),
            )
            delivery.drain(phone_id=phones["acme"].pk, seconds=20)
        sent = Message.objects.order_by("pk")

        assert [message.error_detail for message in sent] == [""] * 6
        assert all(message.wamid for message in sent)


def test_a_template_is_deleted_in_its_language(acme, actor, phones, sim):
    boss = actor("admin@acme.test")
    with context.tenant(acme.schema_name):
        templates.sync(actor=boss)
        _work()
        template = MessageTemplate.objects.get(name="boas_vindas")
        templates.edit(actor=boss, template=template, components=NEW["components"][2:3] + BODY)
        _work()
        assert _statuses()["boas_vindas"] in {"PENDING", "APPROVED"}

        templates.delete(actor=boss, template=template)
        _work()

        assert _statuses()["boas_vindas"] == "DELETED"
        assert set(Job.objects.values_list("state", flat=True)) == {"DONE"}
