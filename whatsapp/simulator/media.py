"""Files: uploaded by businesses, sent by customers, handed out at addresses that end soon."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from whatsapp.simulator.asgi import Request, Response, json_response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError, missing_object
from whatsapp.simulator.shelf import LIMITS, UPLOADED_SECONDS, Media

File = tuple[str, str, bytes]  # name, type and bytes


async def upload(call: Call) -> Answer | Response:
    """POST /{phone_number_id}/media. Raises: GraphError."""
    fields, file = _multipart(call.request)
    if fields.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if file is None:
        raise GraphError(100, message="(#100) The parameter file is required.")
    name, declared, data = file
    mime_type = (declared or fields.get("type", "")).strip()
    _check(mime_type, data)
    world = call.engine.world
    media = world.media.add(
        call.this_phone(),
        data=data,
        mime_type=mime_type,
        name=name,
        expires_at=world.now() + UPLOADED_SECONDS,
    )
    return Answer({"id": media.id}, note=f"{mime_type}, {len(data)} bytes")


async def describe(call: Call) -> Answer | Response:
    """GET /{media_id}. Raises: GraphError."""
    media, world = call.this_media(), call.engine.world
    asked = call.request.query.get("phone_number_id", media.phone_number_id)
    if asked != media.phone_number_id:
        raise missing_object(media.id, "GET")
    seconds = world.settings.media_url_seconds
    ticket = world.media.ticket(media, now=world.now(), seconds=seconds)
    host = call.request.headers.get("host", "")
    return Answer(
        {
            "messaging_product": "whatsapp",
            "url": f"http://{host}/whatsapp_business/attachments/?mid={media.id}&hash={ticket}",
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": str(len(media.data)),
            "id": media.id,
        }
    )


async def delete(call: Call) -> Answer | Response:
    """DELETE /{media_id}. Raises: GraphError."""
    call.engine.world.media.remove(call.this_media().id)
    return Answer({"success": True})


def fetch(call: Call) -> Response:
    """GET an address: whoever has no token for the number, or comes too late, finds nothing."""
    world = call.engine.world
    media = world.media.redeem(call.request.query.get("hash", ""), now=world.now())
    numbers = {phone.phone_number_id for phone in call.phones}
    if media is None or media.phone_number_id not in numbers:
        return json_response({"error": "Not found"}, status=404)
    data = media.data
    if world.settings.media_damaged:
        data = data[:-1] + bytes([data[-1] ^ 1]) if data else b"?"
    return Response(data, content_type=media.mime_type)


def show(file: Media) -> Response:
    """Answer the phone's page with a file that it may show; anything else only as a download."""
    shown = file.kind in {"image", "sticker", "audio", "video"} and "svg" not in file.mime_type
    kind = file.mime_type if shown else "application/octet-stream"
    how = "inline" if shown else "attachment"
    return Response(file.data, content_type=kind, headers={"content-disposition": how})


def _check(mime_type: str, data: bytes) -> None:
    base = mime_type.partition(";")[0].strip().lower()
    if base not in LIMITS:
        known = ", ".join(LIMITS)
        raise GraphError(
            100,
            message=f"(#100) Param file must be a file with one of the following types: {known}."
            f" Received file of type '{mime_type}'.",
        )
    kind, limit = LIMITS[base]
    if not data:
        raise GraphError(131053, details="The file is empty.")
    if len(data) > limit:
        raise GraphError(131053, details=f"The {kind} is larger than {limit} bytes.")


def _multipart(request: Request) -> tuple[dict[str, str], File | None]:
    """Read a form, byte by byte as it came."""
    kind = _header(f"Content-Type: {request.headers.get('content-type', '')}".encode("latin-1"))
    boundary = kind.get_param("boundary")
    if kind.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise GraphError(100, message="(#100) The parameter file is required.")
    fields: dict[str, str] = {}
    file: File | None = None
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        header = _header(head)
        name = header.get_param("name", header="content-disposition")
        if name == "file":
            file = (header.get_filename() or "", str(header.get("content-type", "")), data)
        elif isinstance(name, str):
            fields[name] = data.decode("utf-8", "replace")
    return fields, file


def _header(head: bytes) -> EmailMessage:
    return message_from_bytes(head + b"\r\n\r\n", policy=policy.HTTP)
