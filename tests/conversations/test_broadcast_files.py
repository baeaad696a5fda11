"""Broadcasts of templates whose header is a file: kept, seen, handed over once, sent to all."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations.models import Broadcast, BroadcastRecipient, Message
from conversations.services import delivery, retention, uploading
from conversations.services.broadcasts import control, feeding, intake
from tenants import context, queue
from tests import files
from tests.api import api_of, check_problem
from tests.conversations import lists
from tests.conversations.uploading import kept
from tests.whatsapp import raw_meta
from tests.whatsapp.templates import template
from whatsapp.models import MediaFile, MediaUpload

pytestmark = pytest.mark.django_db(transaction=True)
CSV = "Telefone;Foto\n+5511987654321;51\n+5511987654322;https://example.com/a.jpg\n"
NUMBER = {"number": "Telefone"}


@pytest.fixture(autouse=True)
def _root(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture(autouse=True)
def _nudges(monkeypatch) -> None:
    monkeypatch.setattr(queue, "enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture
def headed(acme, phones):
    parts = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Saiu!"}]
    with context.tenant(acme.schema_name):
        return template("com_foto", components=parts)


@pytest.fixture
def client(page):
    return page("ana@acme.test")


@pytest.fixture
def ana(actor):
    return actor("ana@acme.test")


@pytest.fixture
def columns(client, phones, headed) -> str:
    """Hand a list in; return the address where its columns are chosen."""
    form = {"client_id": str(uuid4()), "name": "Natal", "phone": str(phones["acme"].pk)}
    form |= {"template": str(headed.pk), "kind": "FILE"}
    form["file"] = SimpleUploadedFile("lista.csv", CSV.encode(), "text/csv")
    return client.post("/broadcasts/new", form)["Location"]


def photo(data: bytes = files.JPEG) -> SimpleUploadedFile:
    return SimpleUploadedFile("foto.jpg", data, "image/jpeg")


def prepared(tenant) -> Broadcast:
    with context.tenant(tenant.schema_name):
        intake.prepare(broadcast_id=Broadcast.objects.get().pk)
        return Broadcast.objects.get()


def test_one_upload_goes_to_everybody(acme, ana, client, columns, settings):
    asked = client.get(columns).content.decode()
    assert 'type="file"' in asked and "image/jpeg" in asked
    assert client.post(columns, {**NUMBER, "file": photo()}).status_code == 302
    draft = prepared(acme)
    assert draft.counts == {"READY": 2}

    def answer(to, request):
        if request.line.split()[1].endswith("/media"):
            raw_meta.answer(to, {"id": "9001"})
        else:
            raw_meta.answer(to, raw_meta.accepted(f"wamid.{uuid4()}"))

    with raw_meta.serving(answer) as meta, context.tenant(acme.schema_name):
        settings.GRAPH_API_URL = meta.url
        control.start(actor=ana, broadcast=draft, now=timezone.now())
        feeding.run(now=timezone.now())
        assert set(Message.objects.values_list("media", "status")) == {(draft.media_id, "PENDING")}
        uploading.upload()
        delivery.drain(phone_id=draft.phone_id)

        assert lists.states(draft) == ["ACCEPTED", "ACCEPTED"]
        assert MediaUpload.objects.count() == 1
    uploads = [one for one in meta.requests if one.line.split()[1].endswith("/media")]
    assert len(uploads) == 1


def test_a_preview_keeps_the_file_that_came_along(acme, client, columns):
    page = client.post(columns, {**NUMBER, "file": photo(), "preview": "1"})

    with context.tenant(acme.schema_name):
        file = MediaFile.objects.get()
        assert Broadcast.objects.get().media_id is None
    assert page.status_code == 200
    assert f'value="{file.pk}"' in page.content.decode()
    assert "<bdi>foto.jpg</bdi>" in page.content.decode()
    form = {**NUMBER, "text.header.media": str(file.pk)}
    assert client.post(columns, form).status_code == 302
    assert prepared(acme).media_id == file.pk


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"file": photo(files.PDF)}, "application/pdf"),
        ({"text.header.media": "987654"}, "There is no such file, or it is not yours to send."),
        ({}, "Choose a file, or give a link."),
    ],
    ids=["kind", "nobody-s", "none"],
)
def test_a_file_that_will_not_do_is_refused_by_its_field(acme, client, columns, given, words):
    answer = client.post(columns, {**NUMBER, **given})

    assert answer.status_code == 400
    assert words in answer.content.decode()
    with context.tenant(acme.schema_name):
        assert Broadcast.objects.get().status == "DRAFT"
        assert not MediaFile.objects.exists()


def test_rows_have_links_of_their_own_but_no_files(acme, client, columns):
    assert client.post(columns, {**NUMBER, "column.header.media": "Foto"}).status_code == 302

    assert prepared(acme).counts == {"SKIPPED": 1, "READY": 1}
    with context.tenant(acme.schema_name):
        (left_out,) = BroadcastRecipient.objects.filter(state="SKIPPED")
        assert "A file of yours is the same for all" in left_out.why_left_out


def test_whoever_goes_on_with_it_may_send_and_see_the_file(acme, client, columns, actor, page):
    client.post(columns, {**NUMBER, "file": photo()})
    draft = prepared(acme)
    other = actor("admin@acme.test")

    with context.tenant(acme.schema_name):
        message = control.send_test(
            actor=other,
            broadcast=draft,
            number="+5511911112222",
            client_id=uuid4(),
            now=timezone.now(),
        )
        assert message.media_id == draft.media_id


def test_another_tenant_s_file_is_nobody_s(acme, globex, client, columns, actor):
    with context.tenant(globex.schema_name):
        theirs = kept(actor("ana@globex.test"))

    answer = client.post(columns, {**NUMBER, "text.header.media": str(theirs.pk)})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("status", "is_kept"),
    [("DRAFT", True), ("PAUSED", True), ("RUNNING", True), ("FINISHED", False)],
)
def test_the_file_stays_as_long_as_somebody_may_get_it(acme, client, columns, status, is_kept):
    client.post(columns, {**NUMBER, "file": photo()})
    prepared(acme)
    old = timezone.now() - retention.UPLOADS_KEPT_FOR - timedelta(days=1)
    with context.tenant(acme.schema_name):
        MediaFile.objects.update(created_at=old)
        Broadcast.objects.update(status=status)

        retention.purge_tenant(tenant=acme, now=timezone.now())

        assert MediaFile.objects.exists() == is_kept
        assert (Broadcast.objects.get().media_id is not None) == is_kept


def test_the_api_takes_the_id_of_an_upload(acme, ana, people, headed):
    with context.tenant(acme.schema_name):
        file, paper = kept(ana), kept(ana, files.PDF, name="nota.pdf")
    api, url = api_of(people["ana@acme.test"]), f"/api/v1/tenant/{acme.pk}/messages/bulk"
    body = {"name": "Natal", "template": {"name": "com_foto", "language": "pt_BR"}}
    body |= {"recipients": [{"to": "+5511987654321"}, {"to": "+5511987654322"}]}

    def bulk(value: object):
        return api.post(url, {**body, "values": {"header.media": value}})

    check_problem(bulk({"text": str(paper.pk)}), 400, "invalid")
    check_problem(bulk({"text": "987654"}), 400, "invalid")
    check_problem(bulk({"column": "foto"}), 400, "invalid")
    assert bulk({"text": str(file.pk)}).status_code == 202
    found = prepared(acme)
    assert (found.media_id, found.counts) == (file.pk, {"READY": 2})
