"""Attaching files on the page: as plain forms, and as the composer posts them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations.models import Conversation, Message
from tenants import context
from tests import files
from tests.conversations.inboxes import add, open_with, tags_of
from whatsapp.models import MediaFile, MediaUpload

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _root(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def conversation(acme, phones) -> Conversation:
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def address(conversation) -> str:
    return f"/inbox/{conversation.pk}/files"


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def photo(data=files.JPEG, name="foto.jpg", declared="image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, declared)


def form(*chosen, **fields) -> dict:
    return {"file": list(chosen), "client_id": str(uuid4()), **fields}


def sent(tenant) -> list[Message]:
    with context.tenant(tenant.schema_name):
        messages = Message.objects.filter(direction="OUTBOUND").select_related("media")
        return list(messages.order_by("pk"))


def kept(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return MediaFile.objects.count()


def test_the_form_needs_no_script(ana, address):
    html = ana.get(address).content.decode()

    tags = tags_of(html)
    ((_, field),) = [tag for tag in tags if tag[1].get("type") == "file"]
    assert (field["name"], "multiple" in field) == ("file", True)
    assert any(attributes.get("enctype") == "multipart/form-data" for _, attributes in tags)
    assert "5 MB" in html
    assert "100 MB" in html


def test_several_files_go_in_their_order_and_the_caption_with_the_first(
    ana, address, acme, conversation
):
    chosen = [photo(), photo(files.PDF, "nota.pdf", "application/pdf"), photo(files.OGG, "a.ogg")]

    answer = ana.post(address, form(*chosen, caption="Ficou assim"))

    assert answer.status_code == 302
    assert answer["Location"] == f"/inbox/{conversation.pk}/#composer"
    messages = sent(acme)
    assert [one.type for one in messages] == ["IMAGE", "DOCUMENT", "AUDIO"]
    assert [one.text for one in messages] == ["Ficou assim", "", ""]
    assert [one.media.name for one in messages] == ["foto.jpg", "nota.pdf", "a.ogg"]
    assert messages[1].content["filename"] == "nota.pdf"


def test_a_script_gets_204_and_asks_for_changes(ana, address, acme):
    answer = ana.post(address, form(photo()), headers=HTMX)

    assert (answer.status_code, answer.content) == (204, b"")
    with context.tenant(acme.schema_name):
        assert MediaUpload.objects.get().state == "PENDING"


def test_a_double_click_sends_once(ana, address, acme):
    client_id = str(uuid4())
    for _ in range(2):
        chosen = [photo(), photo(files.PNG, "b.png")]
        assert ana.post(address, form(*chosen, client_id=client_id)).status_code == 302

    assert len(sent(acme)) == 2
    assert kept(acme) == 2


def test_a_photo_may_go_as_a_document(ana, address, acme):
    ana.post(address, form(photo(files.WEBP, "a.webp"), as_document="on", caption="O original"))

    (message,) = sent(acme)
    assert (message.type, message.content["caption"]) == ("DOCUMENT", "O original")


def test_a_voice_message_says_so(ana, address, acme):
    ana.post(address, form(photo(files.OGG, "a.ogg"), voice="on"))

    (message,) = sent(acme)
    assert message.content == {"media": message.media_id, "voice": True}


@pytest.mark.parametrize(
    ("chosen", "fields", "status", "words"),
    [
        ([], {}, 400, "Choose a file"),
        ([files.JPEG + bytes(5 * 1024 * 1024)], {}, 413, "5 MB"),
        ([files.GIF], {}, 415, "JPEG, PNG"),
        ([files.JPEG, files.HTML], {}, 415, "JPEG, PNG"),
        ([files.OGG], {"caption": "Ouça"}, 400, "carry no text"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_is_sent(
    ana, address, acme, chosen, fields, status, words
):
    for headers in ({}, HTMX):
        answer = ana.post(address, form(*map(photo, chosen), **fields), headers=headers)

        assert answer.status_code == status
        assert words in answer.content.decode()
    assert sent(acme) == []


def test_a_closed_window_keeps_no_file(ana, address, acme, conversation):
    with context.tenant(acme.schema_name):
        conversation.window_opened_at = timezone.now() - timedelta(hours=25)
        conversation.save()

    answer = ana.post(address, form(photo()))

    assert answer.status_code == 409
    assert "24-hour window" in answer.content.decode()
    assert kept(acme) == 0


def test_a_thread_that_moved_on_is_shown_first(ana, address, acme, conversation):
    with context.tenant(acme.schema_name):
        seen = add(conversation, "Oi").pk
        add(conversation, "Mudei de ideia")
    client_id = str(uuid4())

    refused = ana.post(address, form(photo(), seen=seen, client_id=client_id), headers=HTMX)
    assert refused.status_code == 409
    assert refused["HX-Retarget"] == f"#sheet-{conversation.pk}"
    assert "1 new message" in refused.content.decode()
    plain = ana.post(address, form(photo(), seen=seen, client_id=client_id))
    assert 'name="force"' in plain.content.decode()
    assert sent(acme) == []

    again = form(photo(), photo(files.PNG), seen=seen, client_id=client_id, force="on")
    assert ana.post(address, again).status_code == 302
    assert len(sent(acme)) == 2
    assert kept(acme) == 2


def test_a_file_may_answer_a_message(ana, address, acme, conversation):
    with context.tenant(acme.schema_name):
        asked = add(conversation, "Tem foto?", wamid="wamid.ASKED")

    ana.post(address, form(photo(), photo(files.PNG, "b.png"), reply_to=asked.pk))

    first, second = sent(acme)
    assert (first.extras, second.extras) == ({"context": {"id": "wamid.ASKED"}}, None)


def test_only_who_may_reply_attaches_and_only_here(page, address, acme):
    assert page("vera@acme.test").get(address).status_code == 403
    assert page("vera@acme.test").post(address, form(photo())).status_code == 403
    assert page("ana@globex.test").post(address, form(photo())).status_code == 404
    assert page("ana@acme.test").post(address, {"file": photo()}).status_code == 400
    assert sent(acme) == []
    assert kept(acme) == 0


def test_the_composer_offers_it_to_whom_may(ana, page, conversation):
    thread = f"/inbox/{conversation.pk}/"

    assert f'href="{thread}files"' in ana.get(thread).content.decode()
    assert f'href="{thread}files"' not in page("vera@acme.test").get(thread).content.decode()
