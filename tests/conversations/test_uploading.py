"""Files on their way out: to Meta once for each number, before the message, whatever happens."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import delivery, outbound, uploading
from conversations.services.sweep import Sweeper
from tenants import context, queue
from tenants.feed.models import Change, UsageDay
from tests import files
from tests.conversations.inboxes import open_with
from tests.conversations.sending import message_in
from tests.conversations.uploading import MARIANA, config, kept
from tests.polling import until
from tests.whatsapp import raw_meta
from tests.whatsapp.test_limits import buttons
from whatsapp.models import MediaUpload, Phone
from whatsapp.services import files as storage
from whatsapp.services import uploads
from whatsapp.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def _meta() -> Iterator[Simulator]:
    with Simulator(config()).running() as simulator:
        yield simulator


@pytest.fixture
def meta(_meta, settings) -> Simulator:
    _meta.reset()
    settings.GRAPH_API_URL = _meta.url
    return _meta


@pytest.fixture(autouse=True)
def _root(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture(autouse=True)
def nudges(monkeypatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **_kwargs: told.append(path))
    return told


@pytest.fixture
def phone(acme, phones) -> Iterator[Phone]:
    with context.tenant(acme.schema_name):
        yield phones["acme"]


@pytest.fixture
def conversation(phone):
    return open_with(phone, wa_id=MARIANA)


@pytest.fixture
def ana(actor):
    return actor("ana@acme.test")


@pytest.fixture
def send(ana, conversation):
    def send(data=files.JPEG, kind="image", file=None, **content) -> Message:
        file = file or kept(ana, data)
        return outbound.send_message(
            actor=ana,
            conversation=conversation,
            kind=kind,
            content={"media": file.pk, **content},
            client_id=uuid4(),
            now=timezone.now(),
        )

    return send


def deliver(phone) -> None:
    """Do what the nudges would have a worker do."""
    uploading.upload()
    delivery.drain(phone_id=phone.pk)


def fresh(message: Message) -> Message:
    message.refresh_from_db()
    return message


def posts(meta: Simulator, edge: str) -> list[dict]:
    log = meta.engine.world.requests
    return [one for one in log if one["method"] == "POST" and one["path"].endswith(edge)]


def due() -> None:
    MediaUpload.objects.update(due_at=timezone.now())


# --- the good end ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "data", "content", "mime_type"),
    [
        ("image", files.picture(size=(900, 700)), {"caption": "Veja"}, "image/jpeg"),
        ("video", files.MP4, {"caption": "Veja"}, "video/mp4"),
        ("audio", files.OGG, {"voice": True}, "audio/ogg; codecs=opus"),
        ("document", files.PDF, {"filename": "Nota.pdf"}, "application/pdf"),
        ("document", b"a;b\r\n--x\r\n", {"filename": "a.csv"}, "text/plain"),
        ("sticker", files.WEBP, {}, "image/webp"),
    ],
)
def test_each_kind_reaches_the_customer_byte_by_byte(
    meta, phone, ana, send, kind, data, content, mime_type
):
    file = kept(ana, data, name="a.txt")
    message = send(kind=kind, file=file, **content)

    deliver(phone)

    assert fresh(message).status == "ACCEPTED", message.error_detail
    (sent,) = meta.messages()
    upload = MediaUpload.objects.get()
    assert sent["body"][kind] == {"id": upload.media_id, **content}
    arrived = meta.engine.world.media.find(upload.media_id, now=meta.engine.world.now())
    assert (arrived.data, arrived.mime_type.replace('"', "")) == (data, mime_type)
    assert upload.expires_at > timezone.now() + timedelta(days=28)


def test_a_header_of_buttons_brings_a_file(meta, phone, ana, send, page, conversation):
    file = kept(ana, files.picture(size=(300, 200)))
    message = outbound.send_message(
        actor=ana,
        conversation=conversation,
        kind="interactive",
        content=buttons("Sim", header={"type": "image", "image": {"media": file.pk}}),
        client_id=uuid4(),
        now=timezone.now(),
    )

    deliver(phone)

    assert fresh(message).status == "ACCEPTED", message.error_detail
    (sent,) = meta.messages()
    header = sent["body"]["interactive"]["header"]
    assert header == {"type": "image", "image": {"id": MediaUpload.objects.get().media_id}}
    html = page("vera@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'src="/media/{file.pk}/thumb"' in html


def test_a_header_of_buttons_takes_no_file_of_another_kind(ana, conversation):
    file = kept(ana, files.PDF)
    with pytest.raises(outbound.composing.InvalidMessageError) as refusal:
        outbound.send_message(
            actor=ana,
            conversation=conversation,
            kind="interactive",
            content=buttons("Sim", header={"type": "image", "image": {"media": file.pk}}),
            client_id=uuid4(),
            now=timezone.now(),
        )

    ((path, _sentence, code),) = refusal.value.context["errors"]
    assert (path, code) == (("interactive", "header", "image", "media"), "file_kind")


def test_the_message_waits_for_its_file_and_the_next_one_for_the_message(
    meta, phone, send, conversation
):
    first, second = send(), message_in(conversation)

    delivery.drain(phone_id=phone.pk)
    assert [fresh(one).status for one in (first, second)] == ["PENDING", "PENDING"]
    assert posts(meta, "/messages") == []

    deliver(phone)
    assert [fresh(one).status for one in (first, second)] == ["ACCEPTED", "ACCEPTED"]
    assert first.attempts == 1


def test_other_conversations_do_not_wait(meta, phone, send):
    send()
    other = message_in(open_with(phone, wa_id="5511900000001"))

    delivery.drain(phone_id=phone.pk)

    assert fresh(other).status == "ACCEPTED"


def test_the_page_shows_our_own_copy_from_the_first_moment(phone, send, page, conversation):
    message = send(files.picture(size=(900, 700)))

    html = page("vera@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert f'src="/media/{message.media_id}/thumb"' in html


def test_a_ready_file_nudges_the_sender(meta, phone, send, nudges):
    send()
    assert nudges == ["conversations.tasks.upload_media", "conversations.tasks.drain_outbox"]
    nudges.clear()

    uploading.upload()

    assert nudges == ["conversations.tasks.drain_outbox"]


def test_a_file_sent_twice_is_handed_over_once(meta, phone, ana, send):
    file = kept(ana)
    send(file=file)
    deliver(phone)
    send(file=file)
    send()  # the same bytes, uploaded again
    deliver(phone)

    assert len(posts(meta, "/media")) == 1
    assert len(meta.messages()) == 3


def test_each_number_has_an_id_of_its_own(phone, send, ana):
    other = Phone.objects.create(phone_number_id="777777", waba_id="1", display_phone_number="x")
    file = kept(ana)
    send(file=file)

    outbound.send_message(
        actor=ana,
        conversation=open_with(other, wa_id="5511900000002"),
        kind="image",
        content={"media": file.pk},
        client_id=uuid4(),
        now=timezone.now(),
    )

    assert MediaUpload.objects.count() == 2


# --- ids that end ---------------------------------------------------------------------------------
def test_an_id_that_ended_is_made_anew(meta, phone, ana, send):
    file = kept(ana)
    send(file=file)
    deliver(phone)
    MediaUpload.objects.update(expires_at=timezone.now() + timedelta(hours=1))

    message = send(file=file)
    deliver(phone)

    assert fresh(message).status == "ACCEPTED"
    assert len(posts(meta, "/media")) == 2


def test_an_id_that_ended_while_its_message_waited_is_found_by_the_sweeper(meta, phone, send, acme):
    message = send()
    uploading.upload()
    MediaUpload.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    delivery.drain(phone_id=phone.pk)
    assert fresh(message).status == "PENDING"

    Sweeper(stopping=lambda: False).round()
    with context.tenant(acme.schema_name):
        deliver(phone)
        assert fresh(message).status == "ACCEPTED"


def test_the_sweeper_nudges_what_is_due_and_of_numbers_that_can_send_alone(phone, send, nudges):
    send()
    nudges.clear()
    uploading.sweep()
    assert nudges == ["conversations.tasks.upload_media"]

    Phone.objects.update(health="AUTH_ERROR")
    nudges.clear()
    uploading.sweep()
    assert nudges == []


def test_the_sweeper_hands_over_what_no_nudge_reached(meta, phone, send):
    send()
    MediaUpload.objects.update(due_at=timezone.now() - uploading.OVERDUE * 2)

    uploading.sweep()

    until(lambda: MediaUpload.objects.get().state == "READY")


def test_an_id_that_meta_forgot_is_renewed_once(meta, phone, ana, send):
    file = kept(ana)
    send(file=file)
    deliver(phone)
    meta.engine.world.media.remove(MediaUpload.objects.get().media_id)

    message = send(file=file)
    deliver(phone)
    assert fresh(message).status == "PENDING"
    deliver(phone)

    assert (fresh(message).status, message.attempts) == ("ACCEPTED", 1)
    assert len(posts(meta, "/media")) == 2
    assert MediaUpload.objects.get().is_renewed is False


def test_an_id_that_meta_forgets_again_and_again_fails(meta, phone, send):
    message = send()
    for _ in range(2):
        uploading.upload()
        meta.engine.world.media.remove(MediaUpload.objects.get().media_id)
        delivery.drain(phone_id=phone.pk)

    assert fresh(message).status == "FAILED"
    assert len(posts(meta, "/media")) == 2


# --- the bad ends ---------------------------------------------------------------------------------
def answering(script):
    """Serve uploads as a test says; messages are accepted."""

    def act(to, request):
        if request.line.split()[1].endswith("/media"):
            script(to, request)
        else:
            raw_meta.answer(to, raw_meta.accepted(f"wamid.{uuid4()}"))

    return raw_meta.serving(act)


def test_what_meta_refuses_fails_with_the_reason(settings, phone, send):
    def refuse(to, _request):
        raw_meta.answer(to, raw_meta.refused(100, "Param file must be"), status="400 Bad Request")

    message = send()
    with answering(refuse) as meta:
        settings.GRAPH_API_URL = meta.url
        deliver(phone)

    assert fresh(message).status == "FAILED"
    # It never left, so the plan does not count it.
    assert sum(UsageDay.objects.values_list("sent", flat=True)) == 0
    assert message.failure.title == "WhatsApp could not take the file."
    assert message.failure.detail == "Param file must be"
    assert message.failure.may_send_again
    assert Change.objects.filter(message_id=message.pk).count() == 2
    assert len(meta.requests) == 1


def test_what_may_pass_later_is_tried_again_and_given_up_in_the_end(settings, phone, send):
    def later(to, _request):
        raw_meta.answer(to, raw_meta.refused(4), status="400 Bad Request")

    message = send()
    with answering(later) as meta:
        settings.GRAPH_API_URL = meta.url
        deliver(phone)
        upload = MediaUpload.objects.get()
        assert (fresh(message).status, upload.attempts) == ("PENDING", 1)
        assert upload.due_at > timezone.now() + timedelta(seconds=3)
        deliver(phone)
        assert len(meta.requests) == 1
        MediaUpload.objects.update(attempts=uploads.ATTEMPTS_MAX - 1)
        due()
        deliver(phone)

    assert fresh(message).status == "FAILED"
    assert "reached" in message.failure.detail


def test_a_connection_that_breaks_is_tried_again(settings, meta, phone, send):
    message = send()
    with answering(lambda to, _request: raw_meta.reset(to)) as broken:
        settings.GRAPH_API_URL = broken.url
        deliver(phone)
    assert fresh(message).status == "PENDING"

    settings.GRAPH_API_URL = meta.url
    due()
    deliver(phone)

    assert fresh(message).status == "ACCEPTED"


def test_a_dead_token_holds_the_message_until_there_is_a_new_one(settings, meta, phone, send):
    def refuse(to, _request):
        raw_meta.answer(to, raw_meta.refused(190), status="401 Unauthorized")

    message = send()
    with answering(refuse) as dead:
        settings.GRAPH_API_URL = dead.url
        deliver(phone)
        deliver(phone)
    assert len(dead.requests) == 1
    assert fresh(message).status == "HELD"
    assert MediaUpload.objects.get().attempts == 0

    Phone.objects.update(health="OK")
    settings.GRAPH_API_URL = meta.url
    deliver(phone)
    delivery.drain(phone_id=phone.pk)

    assert fresh(message).status == "ACCEPTED"


def test_a_file_that_is_gone_fails_in_words(meta, phone, send, acme):
    message = send()
    storage.remove(tenant_id=acme.pk, key=message.media.key)

    deliver(phone)

    assert fresh(message).status == "FAILED"
    assert message.failure.detail == "The file is not there any more."


def test_a_window_that_closes_meanwhile_fails_the_message(phone, send, conversation):
    message = send()
    conversation.window_opened_at = timezone.now() - timedelta(hours=25)
    conversation.save()

    delivery.drain(phone_id=phone.pk)

    assert (fresh(message).status, message.error_code) == ("FAILED", 131047)


def test_a_worker_that_died_over_a_file_is_replaced(meta, phone, send):
    message = send()
    uploads.claim(now=timezone.now())

    deliver(phone)
    assert fresh(message).status == "PENDING"
    due()
    deliver(phone)

    assert fresh(message).status == "ACCEPTED"


def test_two_workers_hand_a_file_over_once(meta, phone, acme, send):
    for data in (files.JPEG, files.PNG, files.picture(size=(10, 10))):
        send(data)
    gate = threading.Barrier(3)

    def work() -> None:
        gate.wait()
        with context.tenant(acme.schema_name):
            uploading.upload()
        context.leave()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(posts(meta, "/media")) == 3
    assert set(MediaUpload.objects.values_list("state", flat=True)) == {"READY"}


def test_nothing_that_a_file_holds_or_is_called_reaches_the_log(settings, phone, send, caplog):
    send()
    settings.GRAPH_API_URL = "http://127.0.0.1:9"

    deliver(phone)

    assert "token-of-acme" not in caplog.text
    assert "foto.jpg" not in caplog.text
