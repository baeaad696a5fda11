"""Customers' files: a row with the message, the bytes soon after, whatever Meta does meanwhile."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from conversations.models import Message
from conversations.services import fetching, inbound
from conversations.services.sweep import Sweeper
from tenants import context, queue
from tenants.feed.models import Change
from tests import files
from tests.conftest import PHONES
from tests.conversations.events import NOON, body, change, deliver, text
from tests.polling import until
from whatsapp.models import MediaFile, Phone
from whatsapp.services import downloads
from whatsapp.services.files import path_of
from whatsapp.simulator import Config, Simulator

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = PHONES["acme"][0]
ANA = "5511988887777"


def _config() -> Config:
    rows = [
        {
            "phone_number_id": number,
            "waba_id": waba_id,
            "display_phone_number": shown,
            "verified_name": name,
            "token": f"token-of-{name}",
        }
        for name, (number, waba_id, shown) in PHONES.items()
    ]
    return Config.parse(
        {
            "callback_url": "http://127.0.0.1:9/",
            "app_id": "1000",
            "app_secret": "s",
            "verify_token": "v",
            "phones": rows,
            "customers": [],
        }
    )


@pytest.fixture(scope="module")
def _meta() -> Iterator[Simulator]:
    with Simulator(_config()).running() as simulator:
        yield simulator


@pytest.fixture
def meta(_meta, settings, tmp_path) -> Simulator:
    _meta.reset()
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.GRAPH_API_URL = _meta.url
    return _meta


@pytest.fixture
def nudges(monkeypatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **_kwargs: told.append(path))
    return told


@pytest.fixture
def receive(acme, meta, meta_app, phones, nudges):
    """Let a customer send a file; return the message and its file as they are stored."""

    def receive(data: bytes = files.JPEG, mime_type: str = "image/jpeg", **wish):
        at = wish.pop("at", int(timezone.now().timestamp()))
        wamid = meta.send_file(
            phone_number_id=NUMBER, sender=ANA, data=data, mime_type=mime_type, **wish
        )
        content = meta.engine.world.inbound[wamid].messages[-1].content
        message = {"from": ANA, "id": wamid, "timestamp": str(at), **content}
        raw = body(change(messages=[message, text("wamid.other", at=at)]))
        deliver(meta_app, raw, raw)
        inbound.process_deliveries()
        return wamid

    return receive


def row(acme) -> MediaFile:
    with context.tenant(acme.schema_name):
        return MediaFile.objects.get()


def fetch(acme) -> MediaFile:
    """Fetch what is due now; return the one file."""
    with context.tenant(acme.schema_name):
        fetching.fetch()
    return row(acme)


def due_again(acme, **fields) -> None:
    with context.tenant(acme.schema_name):
        MediaFile.objects.update(due_at=timezone.now(), **fields)


def stored_files(acme) -> list[str]:
    folder = f"media/{acme.pk}"
    if not default_storage.exists(folder):
        return []
    inner = default_storage.listdir(folder)[0]
    return [name for one in inner for name in default_storage.listdir(f"{folder}/{one}")[1]]


def test_a_message_comes_with_one_row_for_its_file(acme, receive, nudges):
    receive(at=NOON, caption="olha", filename="x")

    file = row(acme)
    with context.tenant(acme.schema_name):
        assert Message.objects.count() == 2
        assert Message.objects.get(media=file).type == "IMAGE"
    assert (file.state, file.mime_declared, file.attempts) == ("PENDING", "image/jpeg", 0)
    assert file.expires_at.timestamp() == NOON + 7 * 86400
    assert file.sha256_declared
    assert "conversations.tasks.fetch_media" in nudges


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ({"mime_type": "image/jpeg"}, 0),
        ({"id": "9" * 101}, 0),
        ({"id": {"a": 1}}, 0),
        ([], 0),
        ({"id": 12, "mime_type": 5, "sha256": [], "filename": None}, 1),
    ],
)
def test_odd_files_do_not_lose_their_message(acme, meta_app, phones, nudges, content, rows):
    message = {"from": ANA, "id": "wamid.1", "timestamp": str(NOON), "type": "image"}
    deliver(meta_app, body(change(messages=[{**message, "image": content}])))
    inbound.process_deliveries()

    with context.tenant(acme.schema_name):
        assert Message.objects.get().type == "IMAGE"
        assert MediaFile.objects.count() == rows


def test_the_name_of_a_document_is_cleaned(acme, receive):
    receive(files.PDF, "application/pdf", filename="../..\\nota\u202e\r\n.pdf")

    assert row(acme).name == "nota.pdf"


def test_a_file_is_fetched_and_its_page_is_told(acme, globex, receive):
    receive()
    file = fetch(acme)

    assert (file.state, file.error, file.due_at) == ("STORED", "", None)
    assert (file.mime_type, file.size_bytes) == ("image/jpeg", len(files.JPEG))
    assert file.sha256 == hashlib.sha256(files.JPEG).hexdigest()
    assert (file.width, file.height, file.has_thumbnail) == (64, 48, True)
    assert path_of(acme.pk, file.key) == f"media/{acme.pk}/{file.key.hex[:2]}/{file.key}"
    with default_storage.open(path_of(acme.pk, file.key)) as data:
        assert data.read() == files.JPEG
    with context.tenant(acme.schema_name):
        last = Change.objects.order_by("-seq").first()
        assert last.message_id == Message.objects.get(media=file).pk
    with context.tenant(globex.schema_name):
        assert not MediaFile.objects.exists()


def test_a_stored_file_is_not_fetched_again(acme, receive, meta):
    receive()
    fetch(acme)
    asked = meta.engine.world.requests_total

    assert fetch(acme).attempts == 1
    assert meta.engine.world.requests_total == asked


@pytest.mark.parametrize(
    ("data", "mime_type", "kind", "picture"),
    [
        (files.OGG, "audio/ogg; codecs=opus", "audio/ogg", False),
        (files.MP4, "video/mp4", "video/mp4", False),
        (files.PDF, "application/pdf", "application/pdf", False),
        (files.WEBP, "image/webp", "image/webp", True),
        (files.SVG, "image/jpeg", "application/octet-stream", False),
        (files.HTML, "image/jpeg", "application/octet-stream", False),
        (files.POLYGLOT, "image/gif", "image/gif", False),
        (files.BOMB, "image/png", "image/png", False),
    ],
    ids=["ogg", "mp4", "pdf", "webp", "svg", "html", "polyglot", "bomb"],
)
def test_a_file_is_what_its_bytes_say(acme, receive, data, mime_type, kind, picture):
    receive(data, mime_type)
    file = fetch(acme)

    assert (file.state, file.mime_type) == ("STORED", kind)
    assert file.has_thumbnail is picture


def test_an_empty_file_is_given_up_in_time(acme, receive):
    receive(files.EMPTY)
    for _ in range(downloads.DAMAGED_MAX):
        due_again(acme)
        file = fetch(acme)

    assert (file.state, file.error, file.due_at) == ("FAILED", "EMPTY", None)
    assert stored_files(acme) == []


def test_a_damaged_file_is_fetched_again(acme, receive, meta):
    receive()
    meta.change(media_damaged=True)
    broken = fetch(acme)
    meta.change(media_damaged=False)
    due_again(acme)

    assert (broken.state, broken.error) == ("PENDING", "DAMAGED")
    assert timezone.now() < broken.due_at < timezone.now() + timedelta(seconds=10)
    assert fetch(acme).state == "STORED"


def test_a_file_that_is_too_large_is_not_kept(acme, receive, monkeypatch):
    monkeypatch.setattr(downloads, "FILE_MAX_BYTES", 100)
    receive()
    file = fetch(acme)

    assert (file.state, file.error) == ("FAILED", "TOO_LARGE")
    assert stored_files(acme) == []


@pytest.mark.parametrize("wrong", ["gone", "token", "silent", "late"])
def test_what_meta_does_not_give_waits(acme, receive, meta, settings, wrong):
    receive()
    if wrong == "gone":
        meta.reset()
    elif wrong == "token":
        with context.tenant(acme.schema_name):
            Phone.objects.update(access_token_sealed="k1:broken")
    elif wrong == "silent":
        settings.GRAPH_API_URL = "http://127.0.0.1:9"
    else:
        meta.change(media_url_seconds=0)
    file = fetch(acme)

    expected = {"gone": "REFUSED", "token": "NO_ACCESS", "silent": "UNREACHABLE"}
    assert (file.state, file.attempts) == ("PENDING", 1)
    assert file.error == expected.get(wrong, "REFUSED")
    assert file.due_at > timezone.now()


def test_a_refused_token_marks_its_number(acme, receive, phones, monkeypatch):
    receive()
    monkeypatch.setattr(downloads.secrets, "open", lambda *_a, **_k: "another-token")
    file = fetch(acme)

    assert file.error == "NO_ACCESS"
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().health == "AUTH_ERROR"


def test_an_id_that_ended_is_tried_once_and_given_up(acme, receive, meta):
    receive(at=int((timezone.now() - timedelta(days=8)).timestamp()))
    meta.reset()
    tried = fetch(acme)

    assert (tried.state, tried.error, tried.attempts) == ("EXPIRED", "REFUSED", 2)


def test_a_full_storage_says_so_and_lets_nothing_in(acme, receive, settings):
    settings.MEDIA_QUOTA_BYTES = 10
    receive()
    file = fetch(acme)
    settings.MEDIA_QUOTA_BYTES = 10**6
    due_again(acme)

    assert (file.state, file.error) == ("PENDING", "QUOTA")
    assert fetch(acme).state == "STORED"


def test_a_full_disk_is_waited_for(acme, receive, settings, tmp_path):
    good = settings.MEDIA_ROOT
    (tmp_path / "blocked").touch()
    receive()
    settings.MEDIA_ROOT = str(tmp_path / "blocked")
    file = fetch(acme)
    settings.MEDIA_ROOT = good
    due_again(acme)

    assert (file.state, file.error) == ("PENDING", "DISK")
    assert fetch(acme).state == "STORED"


def test_a_claim_that_died_comes_again(acme, receive):
    receive()
    with context.tenant(acme.schema_name):
        assert downloads.claim(now=timezone.now()) is not None
        assert downloads.claim(now=timezone.now()) is None
        later = timezone.now() + downloads.LEASE + timedelta(seconds=1)
        again = downloads.claim(now=later)

    assert again is not None and again.attempts == 2


def test_a_file_whose_row_went_meanwhile_leaves_nothing(acme, receive):
    receive()
    with context.tenant(acme.schema_name):
        claimed = downloads.claim(now=timezone.now())
        outcome = downloads.fetch(claimed, tenant=acme, now=timezone.now())
        Message.objects.filter(media=claimed).update(media=None)
        MediaFile.objects.all().delete()
        assert not downloads.settle(outcome, tenant=acme)

    assert stored_files(acme) == []


def test_the_sweeper_fetches_what_no_nudge_reached(acme, receive, nudges):
    receive()
    sweeper = Sweeper(stopping=lambda: False)
    nudges.clear()
    sweeper.round()
    assert "conversations.tasks.fetch_media" in nudges
    assert row(acme).state == "PENDING"

    with context.tenant(acme.schema_name):
        MediaFile.objects.update(due_at=timezone.now() - timedelta(seconds=20))
    sweeper.round()
    sweeper.close()

    until(lambda: row(acme).state == "STORED")
    until(lambda: "files" not in {thread.name for thread in threading.enumerate()})
