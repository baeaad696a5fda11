"""The little of HTTP that the simulator needs on top of ASGI."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 8 * 1024 * 1024
#: Of bodies that bring a file.
MAX_UPLOAD_BYTES = 150 * 1024 * 1024


class BodyError(Exception):
    """The body is too large or no JSON object; the message says which."""


class DroppedError(Exception):
    """The connection is to be reset, with or without a message accepted before."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has been read to its end. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the body as a JSON object. Raises: BodyError."""
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BodyError("The body is not JSON.") from error
        if not isinstance(data, dict):
            raise BodyError("The body must be a JSON object.")
        return data


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, ready to be written."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(
    data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with ``data`` as compact JSON."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return Response(body=body, status=status, headers=headers or {})


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Read a request with its whole body. Raises: BodyError for one that is too large."""
    path = unquote(scope["raw_path"].decode("latin-1").partition("?")[0])
    limit = MAX_UPLOAD_BYTES if path.endswith(("/media", "/simulator/files")) else MAX_BODY_BYTES
    headers = {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]}
    chunks, size, more = [], 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise DroppedError
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyError("The body is too large.")
        chunks.append(chunk)
        more = event.get("more_body", False)
    return Request(
        method=scope["method"],
        path=path,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=b"".join(chunks),
    )


async def write_response(response: Response, send: Send) -> None:
    """Write a whole answer."""
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        **response.headers,
    }
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": pairs})
    await send({"type": "http.response.body", "body": response.body})
