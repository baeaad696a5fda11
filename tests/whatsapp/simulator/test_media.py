import base64
import hashlib

import pytest

from tests.files import JPEG, OGG, PDF
from tests.whatsapp.simulator.conftest import ACME, GLOBEX, MARIA, wait_until

BOUNDARY = "a-boundary-of-ours"


def form(data: bytes, *, mime_type: str = "image/jpeg", product: str = "whatsapp") -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a b.jpg"\r\n']
    parts.append(f"Content-Type: {mime_type}\r\n\r\n")
    head = "".join(parts).encode()
    product_part = (
        f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="messaging_product"'
        f"\r\n\r\n{product}\r\n--{BOUNDARY}--\r\n"
    )
    return head + data + product_part.encode()


def upload(call, data: bytes, *, number: str = ACME, **more):
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return call("POST", f"/v25.0/{number}/media", form(data, **more), headers=headers)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


@pytest.mark.parametrize("data", [JPEG, b"\r\n--\r\r\n\x00\xff" * 9, b"--" + JPEG + b"\r"])
def test_an_uploaded_file_comes_back_byte_by_byte(call, data):
    media_id = upload(call, data).json["id"]
    described = call("GET", f"/v25.0/{media_id}?phone_number_id={ACME}").json
    fetched = call("GET", path_of(described["url"]))

    assert media_id.isdecimal()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert (described["sha256"], described["file_size"]) == (digest, str(len(data)))
    assert (fetched.body, fetched.headers["content-type"]) == (data, "image/jpeg")


def test_a_file_is_its_own_numbers_only(call):
    media_id = upload(call, JPEG).json["id"]
    url = call("GET", f"/{media_id}").json["url"]

    assert call("GET", f"/{media_id}", token="token-of-globex").error["error_subcode"] == 33
    assert call("GET", f"/{media_id}?phone_number_id={GLOBEX}").error["error_subcode"] == 33
    assert call("GET", path_of(url), token="token-of-globex").status == 404
    assert call("GET", path_of(url), token="").status == 404
    assert call("GET", path_of(url)[:-1]).status == 404


def test_an_address_ends(call, sim):
    sim.change(media_url_seconds=0)
    url = call("GET", f"/{upload(call, JPEG).json['id']}").json["url"]

    assert call("GET", path_of(url)).status == 404


def test_a_deleted_file_is_gone(call):
    media_id = upload(call, JPEG).json["id"]

    assert call("DELETE", f"/{media_id}").json == {"success": True}
    assert call("GET", f"/{media_id}").error["code"] == 100


@pytest.mark.parametrize(
    ("data", "mime_type", "code"),
    [
        (b"<svg/>", "image/svg+xml", 100),
        (b"MZ", "application/x-msdownload", 100),
        (b"", "image/jpeg", 131053),
        (b"x" * (5 * 1024 * 1024 + 1), "image/jpeg", 131053),
    ],
    ids=["svg", "program", "empty", "large"],
)
def test_what_meta_does_not_take_is_refused(call, data, mime_type, code):
    assert upload(call, data, mime_type=mime_type).error["code"] == code


def test_a_form_without_a_product_or_a_file_is_refused(call):
    assert upload(call, JPEG, product="mail").error["code"] == 100
    assert call("POST", f"/{ACME}/media", {"messaging_product": "whatsapp"}).error["code"] == 100


@pytest.mark.parametrize(
    ("data", "mime_type", "kind", "has"),
    [
        (JPEG, "image/jpeg", "image", {"caption": "olha"}),
        (OGG, "audio/ogg; codecs=opus", "audio", {"voice": True}),
        (PDF, "application/pdf", "document", {"filename": "nota.pdf", "caption": "olha"}),
    ],
)
def test_a_customer_sends_a_file(call, receiver, sim, data, mime_type, kind, has):
    body = {
        "phone_number_id": ACME,
        "from": MARIA,
        "data": base64.b64encode(data).decode(),
        "mime_type": mime_type,
        "filename": "nota.pdf",
        "caption": "olha",
        "voice": True,
    }
    call("POST", "/simulator/files", body)
    message = wait_until(lambda: receiver.messages)[0]
    described = call("GET", f"/{message[kind]['id']}").json

    assert message["type"] == kind
    assert message[kind]["mime_type"] == mime_type
    assert message[kind].items() >= has.items()
    assert call("GET", path_of(described["url"])).body == data
    assert call("GET", f"/simulator/file?id={message[kind]['id']}").body == data


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"data": "no base64!"}, 400),
        ({"mime_type": "image/jpeg\r\nX: y"}, 400),
        ({"filename": 7}, 400),
        ({"phone_number_id": "1"}, 404),
    ],
)
def test_what_is_no_file_is_refused(call, wrong, status):
    body = {"phone_number_id": ACME, "from": MARIA, "data": "AAAA", "mime_type": "image/png"}

    assert call("POST", "/simulator/files", {**body, **wrong}).status == status


def test_the_page_shows_no_markup(call, sim):
    sim.send_file(phone_number_id=ACME, sender=MARIA, data=b"<script>", mime_type="text/html")
    message = sim.conversation(ACME, MARIA)[0]
    shown = call("GET", f"/simulator/file?id={message['media']['id']}")

    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-disposition"] == "attachment"
    assert call("GET", "/simulator/file?id=1").status == 404
