"""POST media/, and sending what it keeps: kinds, limits, tenants, roles, quota."""

import hashlib
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from conversations.models import Message
from conversations.services import outbound, retention, retrying
from tenants import context
from tests import files
from tests.api import access_token, api_of, check_problem
from tests.conversations.inboxes import open_with
from tests.conversations.uploading import kept
from whatsapp.models import MediaFile, MediaUpload
from whatsapp.services import quota
from whatsapp.services.files import path_of
from whatsapp.services.keeping import StorageFullError

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def upload(people, acme):
    """Upload a file as somebody; return the answer."""

    def upload(data=files.JPEG, name="foto.jpg", declared="image/jpeg", *, who="ana", **fields):
        user = people[f"{who}@acme.test"] if "@" not in who else people[who]
        file = SimpleUploadedFile(name, data, declared)
        return Client(SERVER_NAME="localhost").post(
            f"/api/v1/tenant/{acme.pk}/media/",
            {"file": file, **fields},
            headers={"Authorization": f"Bearer {access_token(user, acme)}"},
        )

    return upload


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


def stored(tenant) -> list[MediaFile]:
    with context.tenant(tenant.schema_name):
        return list(MediaFile.objects.order_by("pk"))


# --- keeping --------------------------------------------------------------------------------------
def test_a_file_is_kept_and_described(upload, acme, root, people):
    response = upload(files.picture(size=(640, 320)))

    assert response.status_code == 201
    answer = response.json()
    (file,) = stored(acme)
    data = (root / path_of(acme.pk, file.key)).read_bytes()
    assert answer["id"] == file.pk
    assert answer["state"] == "STORED"
    assert (answer["mime_type"], answer["width"], answer["height"]) == ("image/jpeg", 640, 320)
    assert (answer["size_bytes"], answer["name"]) == (len(data), "foto.jpg")
    assert answer["sha256"] == hashlib.sha256(data).hexdigest()
    assert (root / path_of(acme.pk, file.key, thumbnail=True)).exists()
    assert (file.author_id, file.phone_id) == (people["ana@acme.test"].pk, None)


@pytest.mark.parametrize(
    ("data", "name", "declared", "mime_type"),
    [
        (files.PNG, "a.png", "image/png", "image/png"),
        (files.MP4, "a.mp4", "video/mp4", "video/mp4"),
        (files.OGG, "a.ogg", "audio/ogg", "audio/ogg"),
        (files.PDF, "a.pdf", "application/pdf", "application/pdf"),
        (b"a;b\n1;2\n", "a.csv", "text/csv", "text/plain"),
        (files.WEBP, "a.webp", "image/webp", "image/webp"),
        (files.JPEG, "virus.exe", "application/x-msdownload", "image/jpeg"),
    ],
)
def test_each_kind_is_known_by_its_bytes(upload, data, name, declared, mime_type):
    response = upload(data, name, declared)

    assert (response.status_code, response.json()["mime_type"]) == (201, mime_type)


@pytest.mark.parametrize(
    ("data", "fields", "status", "code", "words"),
    [
        (files.JPEG + bytes(5 * MB), {}, 413, "file_too_large", "5 MB"),
        (files.MP4 + bytes(16 * MB), {}, 413, "file_too_large", "16 MB"),
        (files.WEBP + bytes(101 * 1024), {"type": "sticker"}, 413, "file_too_large", "100 KB"),
        (b"", {}, 400, "file_empty", "empty"),
        (files.GIF, {}, 415, "file_kind", "image/gif"),
        (files.SVG, {}, 415, "file_kind", "JPEG, PNG"),
        (files.ZIP, {}, 415, "file_kind", "application"),
        (files.PDF, {"type": "image"}, 415, "file_kind", "JPEG or PNG"),
        (files.OGG.replace(b"Head\x01\x01", b"Head\x01\x02"), {}, 415, "file_kind", "Opus"),
        (files.JPEG, {"type": "text"}, 400, "invalid", ""),
        (files.JPEG, {"caption": "x"}, 400, "invalid", ""),
    ],
)
def test_what_meta_would_not_take_is_refused_and_not_kept(
    upload, acme, root, data, fields, status, code, words
):
    problem = check_problem(upload(data, "a", "image/jpeg", **fields), status, code)

    assert words in problem["detail"]
    assert stored(acme) == []
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_type_with_a_zero_byte_is_only_what_somebody_says(people, acme):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\x00\r\n\r\n" + files.JPEG + b"\r\n--x--\r\n"
    )
    ana = {"Authorization": f"Bearer {access_token(people['ana@acme.test'], acme)}"}

    answer = Client(SERVER_NAME="localhost").generic(
        "POST",
        f"/api/v1/tenant/{acme.pk}/media/",
        body,
        content_type="multipart/form-data; boundary=x",
        headers=ana,
    )

    assert answer.status_code == 201


def test_a_form_without_a_file_is_refused(people, acme):
    ana = api_of(people["ana@acme.test"])
    address = f"/api/v1/tenant/{acme.pk}/media/"
    boundary = "multipart/form-data; boundary=x"

    check_problem(ana.send("POST", address, b"--x--\r\n", boundary), 400, "invalid")
    check_problem(ana.post(address, {"file": "x"}), 415, "unsupported_media_type")


def test_the_same_file_is_kept_once(upload, acme):
    first, second = upload().json(), upload().json()
    other = upload(name="outra.jpg").json()

    assert first["id"] == second["id"] != other["id"]
    assert len(stored(acme)) == 2


def test_a_full_account_keeps_no_more(upload, acme, settings):
    settings.MEDIA_QUOTA_BYTES = len(files.JPEG)
    assert upload().status_code == 201

    problem = check_problem(upload(files.PNG, "a.png"), 409, "storage_full")

    assert problem["detail"]
    assert len(stored(acme)) == 1


@pytest.mark.django_db(transaction=True)
def test_uploads_side_by_side_keep_to_the_quota_together(actor, acme, settings, root):
    """One counts in while the other one stores its bytes: whoever is second sees the first."""
    settings.MEDIA_QUOTA_BYTES = len(files.JPEG)
    ana = actor("ana@acme.test")

    def keep() -> bool:
        try:
            with context.tenant(acme.schema_name):
                kept(ana, name="b.jpg")
        except StorageFullError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(1) as pool, context.tenant(acme.schema_name):
        with transaction.atomic():
            quota.hold()
            kept(ana, name="a.jpg")
            second = pool.submit(keep)
            wait([second], timeout=1)
        assert second.result() is False

    (file,) = stored(acme)
    assert (file.name, file.state) == ("a.jpg", "STORED")
    names = {path.name.removesuffix("-small") for path in root.rglob("*") if path.is_file()}
    assert names == {str(file.key)}


def test_a_viewer_and_a_stranger_upload_nothing(upload, acme):
    check_problem(upload(who="vera"), 403, "forbidden")
    assert upload(who="ana@globex.test").status_code in {401, 404}
    assert stored(acme) == []


def test_an_upload_is_its_authors_until_it_is_sent(upload, people, acme, conversation):
    pk = upload().json()["id"]
    address = f"/api/v1/tenant/{acme.pk}/media/{pk}/"
    ana, admin = api_of(people["ana@acme.test"]), api_of(people["admin@acme.test"])

    assert ana.get(address).status_code == 200
    check_problem(admin.get(address), 404, "not_found")
    body = {"conversation": conversation.pk, "type": "image", "image": {"media": pk}}
    problem = check_problem(
        admin.post(f"/api/v1/tenant/{acme.pk}/messages/send", body), 400, "invalid"
    )
    assert problem["errors"][0]["pointer"] == "#/image/media"
    assert ana.post(f"/api/v1/tenant/{acme.pk}/messages/send", body).status_code == 202
    assert admin.get(address).status_code == 200


def test_the_same_id_in_another_tenant_is_another_file(
    upload, people, acme, globex, actor, conversation
):
    ours = upload().json()
    same, more = ours["id"], ours["id"] + 1000  # ids are of a tenant's own schema
    with context.tenant(globex.schema_name):
        for data, pk in ((files.PNG, same), (files.PDF, more)):
            file = kept(actor("ana@globex.test"), data)
            MediaFile.objects.filter(pk=file.pk).update(id=pk)
    ana = api_of(people["ana@acme.test"])

    assert ana.get(f"/api/v1/tenant/{acme.pk}/media/{same}/").json() == ours
    check_problem(ana.get(f"/api/v1/tenant/{acme.pk}/media/{more}/"), 404, "not_found")
    check_problem(ana.get(f"/api/v1/tenant/{globex.pk}/media/{more}/"), 404, "not_found")
    body = {"conversation": conversation.pk, "type": "document", "document": {"media": more}}
    refused = ana.post(f"/api/v1/tenant/{acme.pk}/messages/send", body)
    assert check_problem(refused, 400, "invalid")["errors"][0]["code"] == "not_found"


# --- sending --------------------------------------------------------------------------------------
@pytest.fixture
def send(actor, conversation, acme):
    def send(kind, content, **changes):
        with context.tenant(acme.schema_name):
            values = {"client_id": uuid4(), "now": timezone.now(), **changes}
            return outbound.send_message(
                actor=actor("ana@acme.test"),
                conversation=conversation,
                kind=kind,
                content=content,
                **values,
            )

    return send


@pytest.fixture
def keep(actor, acme):
    def keep(data=files.JPEG, **how):
        with context.tenant(acme.schema_name):
            return kept(actor("ana@acme.test"), data, **how)

    return keep


@pytest.mark.parametrize(
    ("kind", "data", "name", "more"),
    [
        ("image", files.JPEG, "a.jpg", {"caption": "Ficou assim"}),
        ("video", files.MP4, "a.mp4", {"caption": "Veja"}),
        ("audio", files.OGG, "a.ogg", {"voice": True}),
        ("audio", files.MP3, "a.mp3", {}),
        ("document", files.PDF, "a.pdf", {"caption": "Nota", "filename": "Nota.pdf"}),
        ("document", files.JPEG, "a.jpg", {"filename": "a.jpg"}),
        ("sticker", files.WEBP, "a.webp", {}),
    ],
)
def test_each_kind_is_queued_with_its_file(send, keep, acme, kind, data, name, more):
    file = keep(data, name=name)

    message = send(kind, {"media": file.pk, **more})

    with context.tenant(acme.schema_name):
        message = Message.objects.get(pk=message.pk)
        assert (message.type, message.status) == (kind.upper(), "PENDING")
        assert message.content == {"media": file.pk, **more}
        assert (message.media_id, message.text) == (file.pk, more.get("caption", ""))
        upload = MediaUpload.objects.get()
        assert (upload.file_id, upload.phone_id) == (file.pk, message.phone_id)
        assert (upload.state, upload.attempts) == ("PENDING", 0)


def test_a_document_is_called_as_it_was_uploaded(send, keep):
    file = keep(files.PDF, name="Nota 4821.pdf")

    message = send("document", {"media": file.pk})

    assert message.content == {"media": file.pk, "filename": "Nota 4821.pdf"}


@pytest.mark.parametrize(
    ("kind", "data", "more", "code"),
    [
        ("image", files.PDF, {}, "file_kind"),
        ("video", files.JPEG, {}, "file_kind"),
        ("sticker", files.JPEG, {}, "file_kind"),
        ("audio", files.MP3, {"voice": True}, "file_kind"),
        ("sticker", files.WEBP + bytes(101 * 1024), {}, "file_too_large"),
    ],
)
def test_a_file_of_another_kind_is_not_sent(send, keep, acme, kind, data, more, code):
    file = keep(data)

    with pytest.raises(outbound.composing.InvalidMessageError) as refusal:
        send(kind, {"media": file.pk, **more})

    ((path, _sentence, found),) = refusal.value.context["errors"]
    assert (path, found) == ((kind, "media"), code)
    with context.tenant(acme.schema_name):
        assert not MediaUpload.objects.exists()


def test_the_same_message_twice_is_one(send, keep):
    file, client_id = keep(), uuid4()
    first = send("image", {"media": file.pk}, client_id=client_id)

    assert send("image", {"media": keep().pk}, client_id=client_id) == first
    with pytest.raises(outbound.ClientIdReusedError):
        send("image", {"media": keep(files.PNG).pk}, client_id=client_id)


def test_another_attempt_brings_the_same_file(send, keep, acme, actor):
    file = keep()
    first = send("image", {"media": file.pk})
    with context.tenant(acme.schema_name):
        Message.objects.filter(pk=first.pk).update(status="FAILED", error_code=131053)
        MediaUpload.objects.update(state="FAILED", attempts=8, error_code=131053)
        first.refresh_from_db()

        second = retrying.send_again(
            actor=actor("ana@acme.test"), message=first, client_id=uuid4(), now=timezone.now()
        )

        upload = MediaUpload.objects.get()
        assert second.media_id == file.pk
        assert (upload.state, upload.attempts, upload.error_code) == ("PENDING", 0, None)


def test_another_attempt_at_what_the_native_app_sent_tells_meta_of_our_copy(
    keep, acme, actor, send
):
    file = keep()
    echo = send("image", {"media": file.pk, "caption": "Chegou"})
    metas = {"id": "8", "mime_type": "image/jpeg", "sha256": "x", "url": "y", "caption": "Chegou"}
    with context.tenant(acme.schema_name):
        Message.objects.filter(pk=echo.pk).update(
            status="FAILED", error_code=131053, content=metas, wamid="wamid.echo"
        )
        echo.refresh_from_db()
        second = retrying.send_again(
            actor=actor("ana@acme.test"), message=echo, client_id=uuid4(), now=timezone.now()
        )

    assert second.content == {"media": file.pk, "caption": "Chegou"}


def test_an_upload_that_nobody_sent_goes_after_thirty_days(send, keep, acme, root):
    sent, unsent, young = keep(), keep(files.PNG), keep(files.PDF)
    send("image", {"media": sent.pk})
    old = timezone.now() - retention.UPLOADS_KEPT_FOR - retention.UPLOADS_KEPT_FOR
    with context.tenant(acme.schema_name):
        MediaFile.objects.exclude(pk=young.pk).update(created_at=old)

        retention.purge_tenant(tenant=acme, now=timezone.now())

        assert set(MediaFile.objects.values_list("pk", flat=True)) == {sent.pk, young.pk}
    assert not (root / path_of(acme.pk, unsent.key)).exists()
    assert not (root / path_of(acme.pk, unsent.key, thumbnail=True)).exists()
    assert (root / path_of(acme.pk, sent.key)).exists()
