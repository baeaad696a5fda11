"""Sends with files: what is accepted, and what Meta refuses of them."""

import pytest

from tests.files import JPEG, MP3, OGG, PDF, WEBP
from tests.whatsapp.simulator.conftest import ACME, GLOBEX, MARIA
from tests.whatsapp.simulator.test_media import upload


@pytest.fixture
def send(call):
    def send(kind: str, content, **more):
        to = {"messaging_product": "whatsapp", "to": f"+{MARIA}"}
        return call("POST", f"/v25.0/{ACME}/messages", {**to, "type": kind, kind: content, **more})

    return send


@pytest.mark.parametrize(
    ("kind", "data", "mime_type", "more"),
    [
        ("image", JPEG, "image/jpeg", {"caption": "Veja"}),
        ("audio", OGG, "audio/ogg; codecs=opus", {"voice": True}),
        ("document", PDF, "application/pdf", {"filename": "a.pdf"}),
        ("document", JPEG, "image/jpeg", {"filename": "a.jpg"}),
        ("sticker", WEBP, "image/webp", {}),
    ],
)
def test_a_file_of_the_number_is_accepted_and_shown_on_the_phone(
    call, send, sim, kind, data, mime_type, more
):
    media_id = upload(call, data, mime_type=mime_type).json["id"]

    assert send(kind, {"id": media_id, **more}).status == 200

    (shown,) = sim.conversation(ACME, MARIA)
    assert shown["media"] == {"id": media_id, "kind": kind, "name": more.get("filename", "")}
    assert call("GET", f"/simulator/file?id={media_id}").body == data


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_an_id_that_nobody_knows_is_a_missing_object(send, kind):
    error = send(kind, {"id": "1033"}).error

    assert (error["code"], error["error_subcode"]) == (100, 33)


def test_an_id_of_another_number_is_a_missing_object(call, send):
    headers = {"token": "token-of-globex"}
    media_id = upload(lambda *a, **k: call(*a, **k, **headers), JPEG, number=GLOBEX).json["id"]

    assert send("image", {"id": media_id}).error["error_subcode"] == 33


@pytest.mark.parametrize(
    ("kind", "data", "mime_type", "more", "code"),
    [
        ("image", PDF, "application/pdf", {}, 131053),
        ("video", JPEG, "image/jpeg", {}, 131053),
        ("sticker", JPEG, "image/jpeg", {}, 131053),
        ("sticker", WEBP + bytes(101 * 1024), "image/webp", {}, 131053),
        ("audio", MP3, "audio/mpeg", {"voice": True}, 131053),
        ("image", JPEG, "image/jpeg", {"caption": "x" * 1025}, 131009),
        ("image", JPEG, "image/jpeg", {"filename": "a.jpg"}, 100),
        ("audio", MP3, "audio/mpeg", {"caption": "x"}, 100),
        ("audio", MP3, "audio/mpeg", {"voice": "yes"}, 100),
        ("document", PDF, "application/pdf", {"filename": "x" * 241}, 131009),
        ("document", PDF, "application/pdf", {"link": "https://a.example/b.pdf"}, 131008),
    ],
)
def test_what_does_not_fit_is_refused(call, send, kind, data, mime_type, more, code):
    media_id = upload(call, data, mime_type=mime_type).json["id"]

    assert send(kind, {"id": media_id, **more}).error["code"] == code


def test_a_link_has_to_be_one(send):
    assert send("image", {"link": "https://example.com/a.jpg"}).status == 200
    assert send("image", {"link": "file:///etc/passwd"}).error["code"] == 131009
    assert send("image", {"caption": "x"}).error["code"] == 131008


def test_the_file_of_a_header_is_looked_at_as_well(call, send):
    body = {"type": "button", "body": {"text": "?"}}
    body["action"] = {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "A"}}]}
    header = {"type": "image", "image": {"id": "1033"}}

    assert send("interactive", {**body, "header": header}).error["error_subcode"] == 33
    media_id = upload(call, JPEG).json["id"]
    header["image"]["id"] = media_id
    assert send("interactive", {**body, "header": header}).status == 200
