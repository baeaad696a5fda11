"""Files in steps, for pictures of profiles and samples of templates: a session, bytes, a handle."""

import base64

from whatsapp.simulator import params
from whatsapp.simulator.asgi import Response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError, missing_object
from whatsapp.simulator.shelf import Session, Uploads

PREFIX = "upload:"
_TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")
_MOST_BYTES = 100 * 1024 * 1024
_KEPT = 200


async def begin(call: Call) -> Answer:
    """POST /{app_id}/uploads?file_name&file_length&file_type."""
    wanted = {**call.request.query, **call.body()}
    mime_type = params.one_of(wanted, "file_type", _TYPES)
    length = str(wanted.get("file_length", ""))
    if not length.isdecimal() or not 1 <= int(length) <= _MOST_BYTES:
        raise params.wrong("file_length", f"must be a number from 1 to {_MOST_BYTES}")
    uploads, name = call.engine.world.uploads, str(wanted.get("file_name", ""))
    session_id = PREFIX + call.engine.world.ids.object_id()
    uploads.sessions[session_id] = Session(name, mime_type, int(length))
    while len(uploads.sessions) > _KEPT:
        uploads.sessions.pop(next(iter(uploads.sessions)))
    return Answer({"id": session_id})


async def send(call: Call) -> Answer:
    """POST /upload:...: raw bytes from `file_offset` on; the handle comes with the last ones."""
    session_id, session = _session(call)
    if call.request.headers.get("file_offset") != str(len(session.data)):
        raise params.wrong("file_offset", f"must be {len(session.data)}")
    session.data += call.request.body
    if len(session.data) > session.length:
        session.data = session.data[: session.length]
        raise GraphError(100, message="(#100) There are more bytes than file_length says.")
    if len(session.data) < session.length:
        return Answer({"id": session_id, "file_offset": len(session.data)})
    handle = f"4:{base64.urlsafe_b64encode(session_id.encode()).decode()}"
    call.engine.world.uploads.handles[handle] = session_id.removeprefix(PREFIX)
    return Answer({"h": handle})


async def read(call: Call) -> Answer:
    """GET /upload:...: how far it has come."""
    session_id, session = _session(call)
    return Answer({"id": session_id, "file_offset": len(session.data)})


def picture(uploads: Uploads, name: str) -> Response:
    """Return an uploaded file as its public address shows it."""
    session = uploads.sessions.get(PREFIX + name)
    if session is None:
        return Response(status=404)
    return Response(session.data, content_type=session.mime_type)


def _session(call: Call) -> tuple[str, Session]:
    session_id = next((part for part in call.request.path.split("/") if PREFIX in part), "")
    session = call.engine.world.uploads.sessions.get(session_id)
    if session is None:
        raise missing_object(session_id, call.request.method)
    return session_id, session
