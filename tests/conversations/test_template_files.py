"""Templates whose header is a file: uploaded to us, handed to Meta, shown in the bubble."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations.models import Message
from conversations.services import delivery, template_sending, uploading
from conversations.services.template_sending import ValuesInvalidError
from tenants import context, queue
from tests import files
from tests.api import api_of, check_problem
from tests.conversations.sending import conversation_with
from tests.conversations.uploading import kept
from tests.whatsapp import raw_meta
from tests.whatsapp.templates import template
from whatsapp.models import MediaUpload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _root(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture(autouse=True)
def _nudges(monkeypatch) -> None:
    monkeypatch.setattr(queue, "enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        opened = timezone.now() - timedelta(days=3)
        return conversation_with("5511987654321", phone=phones["acme"], opened_at=opened)


@pytest.fixture
def headed(acme):
    """Return an approved template with a header of that format."""

    def headed(shape="IMAGE"):
        parts = [{"type": "HEADER", "format": shape}, {"type": "BODY", "text": "Saiu!"}]
        with context.tenant(acme.schema_name):
            return template(f"com_{shape.lower()}", components=parts)

    return headed


@pytest.fixture
def ana(actor):
    return actor("ana@acme.test")


def send(ana, conversation, headed, value: str) -> Message:
    return template_sending.send_template(
        actor=ana,
        conversation=conversation,
        template=headed,
        values={"header.media": value},
        client_id=uuid4(),
        now=timezone.now(),
    )


def header_of(content: dict) -> dict:
    (header,) = [one for one in content["components"] if one["type"] == "header"]
    (parameter,) = header["parameters"]
    return parameter[parameter["type"]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("shape", "data", "more"),
    [
        ("IMAGE", files.JPEG, {}),
        ("VIDEO", files.MP4, {}),
        ("DOCUMENT", files.PDF, {"filename": "nota.pdf"}),
    ],
)
def test_the_header_gets_metas_id_when_it_goes(
    acme, ana, conversation, headed, settings, shape, data, more
):
    def answer(to, request):
        if request.line.split()[1].endswith("/media"):
            raw_meta.answer(to, {"id": "9001"})
        else:
            raw_meta.answer(to, raw_meta.accepted("wamid.T"))

    with raw_meta.serving(answer) as meta, context.tenant(acme.schema_name):
        settings.GRAPH_API_URL = meta.url
        file = kept(ana, data, name="nota.pdf" if more else "a")
        message = send(ana, conversation, headed(shape), str(file.pk))
        assert message.media_id == file.pk
        assert header_of(message.content) == {"media": file.pk, **more}

        delivery.drain(phone_id=message.phone_id)
        assert Message.objects.get(pk=message.pk).status == "PENDING"
        uploading.upload()
        delivery.drain(phone_id=message.phone_id)

        assert Message.objects.get(pk=message.pk).status == "ACCEPTED"
        assert header_of(meta.requests[-1].body["template"]) == {"id": "9001", **more}


def test_a_link_stays_a_link(acme, ana, conversation, headed):
    with context.tenant(acme.schema_name):
        message = send(ana, conversation, headed(), "https://example.com/a.jpg")

        assert header_of(message.content) == {"link": "https://example.com/a.jpg"}
        assert message.media_id is None
        assert not MediaUpload.objects.exists()


def test_a_file_of_another_kind_or_of_nobody_is_refused_by_its_field(
    acme, ana, conversation, headed
):
    named = headed()
    with context.tenant(acme.schema_name):
        pdf = kept(ana, files.PDF)
        for value, code in ((str(pdf.pk), "file_kind"), ("999999", "not_found")):
            with pytest.raises(ValuesInvalidError) as refusal:
                send(ana, conversation, named, value)

            ((path, _sentence, found),) = refusal.value.context["errors"]
            assert (path, found) == (("values", "header.media"), code)
        assert not Message.objects.exists()


def test_the_api_takes_the_id_of_an_upload(acme, people, ana, conversation, headed):
    named = headed()
    with context.tenant(acme.schema_name):
        file = kept(ana)
    address = f"/api/v1/tenant/{acme.pk}/messages/template"
    body = {
        "conversation": conversation.pk,
        "template": {"name": named.name, "language": named.language},
        "values": {"header.media": str(file.pk)},
    }

    answer = api_of(people["ana@acme.test"]).post(address, body)
    assert (answer.status_code, answer.json()["media"]) == (202, file.pk)
    refused = api_of(people["admin@acme.test"]).post(
        address, {**body, "values": {"header.media": "999999"}}
    )
    problem = check_problem(refused, 400, "invalid")
    assert problem["errors"][0]["pointer"] == "#/values/header.media"


def test_the_page_takes_a_file_and_the_bubble_shows_it(acme, page, conversation, headed):
    ana, named = page("ana@acme.test"), headed()
    address = f"/inbox/{conversation.pk}/templates/{named.pk}"
    shown = ana.get(address).content.decode()
    assert 'type="file"' in shown
    assert 'enctype="multipart/form-data"' in shown

    def post(data: bytes):
        file = SimpleUploadedFile("foto.jpg", data, "image/jpeg")
        return ana.post(address, {"client_id": str(uuid4()), "file": file})

    refused = post(files.PDF)
    assert refused.status_code == 400
    assert "5 MB" in refused.content.decode()
    assert post(files.picture(size=(300, 200))).status_code == 302

    with context.tenant(acme.schema_name):
        message = Message.objects.get()
    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'src="/media/{message.media_id}/thumb"' in html
    assert "Saiu!" in html
