"""Files handed out: to whom, as what, and how much of them."""

import asyncio
import re

import pytest
from django.test import Client

from conversations import downloads
from conversations.models import Conversation
from tenants import context
from tenants.feed import live
from tests import files
from tests.api import Api, api_of, check_problem
from tests.conversations.files_in import stored
from tests.conversations.inboxes import open_with, tags_of
from whatsapp.models import MediaFile

pytestmark = pytest.mark.django_db
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(autouse=True)
def _root(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def conversation(acme, phones) -> Conversation:
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def keep(acme, conversation):
    """Store a file with a message of acme's; return the message."""

    def keep(data: bytes = files.JPEG, **how):
        with context.tenant(acme.schema_name):
            return stored(acme, conversation, data, **how)

    return keep


@pytest.fixture
def vera(page) -> Client:
    return page("vera@acme.test")


def body(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize(
    ("data", "declared", "kind", "inline"),
    [
        (files.JPEG, "", "image/jpeg", True),
        (files.PNG, "", "image/png", True),
        (files.GIF, "", "image/gif", True),
        (files.WEBP, "", "image/webp", True),
        (files.MP4, "", "video/mp4", True),
        (files.OGG, "", "audio/ogg", True),
        (files.AAC, "", "audio/aac", True),
        (files.AMR, "", "audio/amr", True),
        (files.PDF, "", "application/pdf", False),
        (files.DOCX, DOCX, DOCX, False),
        (files.SVG, "image/svg+xml", "application/octet-stream", False),
        (files.HTML, "image/jpeg", "application/octet-stream", False),
        (files.POLYGLOT, "text/javascript", "image/gif", True),
    ],
    ids=[
        "jpeg",
        "png",
        "gif",
        "webp",
        "mp4",
        "ogg",
        "aac",
        "amr",
        "pdf",
        "docx",
        "svg",
        "html",
        "polyglot",
    ],
)
def test_a_file_is_handed_out_harmlessly(vera, keep, data, declared, kind, inline):
    message = keep(data, declared=declared, name="nota ção.jpg")
    response = vera.get(f"/media/{message.media_id}")

    assert response.status_code == 200
    assert body(response) == data
    assert response["Content-Type"] == kind
    assert response["Content-Length"] == str(len(data))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"] == "private, no-store"
    disposition = "inline" if inline else "attachment"
    name = "filename*=utf-8''nota%20%C3%A7%C3%A3o.jpg"
    assert response["Content-Disposition"] == f"{disposition}; {name}"


def test_a_file_can_be_kept_under_its_name(vera, keep):
    named, nameless = keep(name='a"b.jpg'), keep()

    assert vera.get(f"/media/{named.media_id}?download")["Content-Disposition"].startswith(
        "attachment"
    )
    disposition = vera.get(f"/media/{nameless.media_id}?download")["Content-Disposition"]
    assert disposition == f'attachment; filename="whatsapp-{nameless.media_id}.jpg"'


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-10", -10, None)],
)
def test_a_player_asks_for_parts(vera, keep, asked, start, end):
    message = keep()
    response = vera.get(f"/media/{message.media_id}", headers={"Range": asked})
    expected = files.JPEG[start:end]

    assert response.status_code == 206
    assert body(response) == expected
    first = start if start >= 0 else len(files.JPEG) + start
    last = first + len(expected) - 1
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(files.JPEG)}"
    assert response["Content-Length"] == str(len(expected))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-", 200),
        ("bytes=9-1", 200),
        ("bytes=-", 200),
        ("bytes=0-1,3-4", 200),
        ("lines=1-2", 200),
        ("bytes=" + "9" * 400 + "-", 200),
        ("bytes=999999-", 416),
        ("bytes=-0", 416),
    ],
)
def test_odd_ranges_are_all_or_nothing(vera, keep, asked, status):
    response = vera.get(f"/media/{keep().media_id}", headers={"Range": asked})

    assert response.status_code == status
    if status == 416:
        assert response["Content-Range"] == f"bytes */{len(files.JPEG)}"
    else:
        assert body(response) == files.JPEG


def test_a_head_has_no_body(vera, keep):
    response = vera.head(f"/media/{keep().media_id}")

    assert (response.status_code, response["Content-Length"]) == (200, str(len(files.JPEG)))


def test_a_thumbnail_is_small(vera, keep):
    message = keep(files.picture(size=(1600, 1200)))
    response = vera.get(f"/media/{message.media_id}/thumb")

    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert body(response)[8:12] == b"WEBP"
    assert vera.get(f"/media/{keep(files.PDF).media_id}/thumb").status_code == 404


def test_under_asgi_a_file_comes_in_pieces(rf, acme, keep, monkeypatch):
    monkeypatch.setattr(downloads._FileResponse, "block_size", 100)
    with context.tenant(acme.schema_name):
        media = MediaFile.objects.get(pk=keep().media_id)

    async def pieces() -> list[bytes]:
        response = downloads.respond(rf.get("/"), tenant_id=acme.pk, media=media)
        return [piece async for piece in response]

    got = asyncio.run(pieces())

    assert len(got) > 3
    assert b"".join(got) == files.JPEG


@pytest.mark.parametrize("path", ["", "/thumb"])
def test_a_file_is_for_who_may_see_its_conversation(page, acme, keep, path):
    address = f"/media/{keep().media_id}{path}"

    assert page("admin@acme.test").get(address).status_code == 200
    assert page("admin@globex.test").get(address).status_code == 404
    assert Client(SERVER_NAME="acme.localhost").get(address).status_code == 302
    assert page("vera@acme.test").post(address).status_code == 405
    with context.tenant(acme.schema_name):
        Conversation.objects.update(status="ARCHIVED")
    assert page("vera@acme.test").get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["0", "999999", "9" * 30, "..%2f1", "%00", "1/../../etc/passwd", "-1", "1.0", "1/thumb/x"],
)
def test_what_is_no_file_is_not_found(vera, keep, path):
    keep()

    assert vera.get(f"/media/{path}").status_code == 404


def test_a_file_that_is_not_here_is_not_found(vera, acme, keep, tmp_path):
    waiting, lost = keep(state="PENDING"), keep()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()

    assert vera.get(f"/media/{waiting.media_id}").status_code == 404
    assert vera.get(f"/media/{lost.media_id}").status_code == 404


# --- Bubbles


def bubble(browser, conversation, message) -> str:
    html = browser.get(f"/inbox/{conversation.pk}/").content.decode()
    return re.search(rf'<li id="message-{message.pk}".*?</li>', html, re.DOTALL)[0]


@pytest.mark.parametrize(
    ("data", "kind", "tag"),
    [
        (files.JPEG, "IMAGE", "img"),
        (files.WEBP, "STICKER", "img"),
        (files.MP4, "VIDEO", "video"),
        (files.OGG, "AUDIO", "audio"),
        (files.PDF, "DOCUMENT", "a"),
        (files.HTML, "IMAGE", "a"),
        (files.BOMB, "IMAGE", "a"),
    ],
    ids=["image", "sticker", "video", "audio", "document", "html", "bomb"],
)
def test_a_bubble_shows_its_file(vera, conversation, keep, data, kind, tag):
    message = keep(data, kind=kind, name="nota.pdf")
    found = tags_of(bubble(vera, conversation, message))
    address = f"/media/{message.media_id}"
    shown = [attrs.get("src") or attrs.get("href") for name, attrs in found if name == tag]

    expected = {"img": f"{address}/thumb", "a": f"{address}?download"}
    assert expected.get(tag, address) in shown
    assert ("img" in dict(found)) is (tag == "img")


def test_a_picture_keeps_its_place_before_it_is_loaded(vera, conversation, keep):
    message = keep(files.picture(size=(1600, 900)))
    picture = dict(tags_of(bubble(vera, conversation, message)))["img"]

    assert (picture["width"], picture["height"], picture["loading"]) == ("480", "270", "lazy")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "PENDING"}, ["Being fetched"]),
        ({"state": "PENDING", "error": "QUOTA"}, ["Being fetched", "storage is full"]),
        ({"state": "FAILED", "error": "TOO_LARGE"}, ["could not be fetched", "100 MB"]),
        ({"state": "EXPIRED", "error": "NO_ACCESS"}, ["has deleted", "reconnected"]),
    ],
)
def test_a_bubble_says_why_there_is_no_file(vera, conversation, keep, fields, words):
    text = bubble(vera, conversation, keep(**fields))

    assert all(word in text for word in words)
    assert "/media/" not in text


def test_a_name_that_is_markup_is_text(vera, conversation, keep):
    message = keep(files.PDF, kind="DOCUMENT", content={"filename": "<script>x</script>.pdf"})

    assert "script" not in dict(tags_of(bubble(vera, conversation, message)))


def test_a_file_that_came_is_drawn_on_the_open_page(vera, acme, conversation, keep):
    message = keep(state="PENDING")
    with context.tenant(acme.schema_name):
        last = live.publish(live.Draft("MESSAGE", conversation.pk, message.pk))
        MediaFile.objects.update(state="STORED")
    part = vera.get(f"/inbox/changes?after={last - 1}&open={conversation.pk}")

    assert f"/media/{message.media_id}/thumb" in part.content.decode()


# --- API


@pytest.fixture
def base(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/media"


def test_the_api_tells_of_a_file_and_hands_it_out(people, base, keep):
    message = keep()
    api = api_of(people["vera@acme.test"])
    told = api.get(f"{base}/{message.media_id}/").json()
    fetched = api.get(f"{base}/{message.media_id}/file", Range="bytes=0-9")

    assert told.items() >= {"id": message.media_id, "state": "STORED", "error": None}.items()
    assert (told["mime_type"], told["width"]) == ("image/jpeg", 64)
    assert (fetched.status_code, body(fetched)) == (206, files.JPEG[:10])
    assert fetched["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert fetched["Cache-Control"] == "private, no-store"


def test_the_api_says_why_a_file_is_missing(people, base, keep):
    message = keep(state="FAILED", error="EMPTY")
    api = api_of(people["vera@acme.test"])

    error = api.get(f"{base}/{message.media_id}/").json()["error"]
    assert error == {"code": "EMPTY", "title": "The file is empty."}
    check_problem(api.get(f"{base}/{message.media_id}/file"), 404, "not_found")


@pytest.mark.parametrize("path", ["/", "/file"])
def test_the_apis_files_are_the_tenants_own(people, globex, base, keep, path):
    message = keep()
    theirs = api_of(people["admin@globex.test"])
    own_path = f"/api/v1/tenant/{globex.pk}/media/{message.media_id}{path}"

    check_problem(theirs.get(f"{base}/{message.media_id}{path}"), 404, "not_found")
    check_problem(theirs.get(own_path), 404, "not_found")
    check_problem(
        Api("acme.localhost").get(f"{base}/{message.media_id}{path}"), 401, "not_authenticated"
    )
    check_problem(api_of(people["ana@acme.test"]).get(f"{base}/999999{path}"), 404, "not_found")
