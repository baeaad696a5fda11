"""Hand files over to Meta. A call may be repeated without harm: it makes another id.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media, read 2026-11.
"""

import io
import re
from dataclasses import dataclass
from secrets import token_hex
from typing import IO
from urllib.parse import quote

import requests

from whatsapp import errors
from whatsapp.client import CloudApiClient, answers, wire
from whatsapp.client.answers import Answer

ANSWER_MAX_BYTES = 64 * 1024
ID_MAX_CHARACTERS = 100
# From the call to the last byte of the answer: a slow line may need them for 100 MB.
TOTAL_SECONDS = 300.0
HANDLE_MAX_CHARACTERS = 4096
_CHUNK_BYTES = 64 * 1024
# As Meta writes it: with a signature as its query.
_SESSION = re.compile(r"upload:[A-Za-z0-9+/_=:.-]{1,500}(\?sig=[A-Za-z0-9_-]{1,200})?")


@dataclass(frozen=True, slots=True)
class Uploads:
    """One token's way to bring files to numbers."""

    client: CloudApiClient

    def upload(self, phone_number_id: str, file: IO[bytes], *, mime_type: str) -> str:
        """Hand a file over, read as it leaves; return the id that the number sends it by.

        Raises: NotSentError, TokenError, RefusedError, MaybeSentError.
        """
        form = _Form(file, mime_type)
        headers = {
            "Authorization": f"Bearer {self.client.token}",
            "Content-Type": form.content_type,
        }
        answer = self._post(f"{quote(phone_number_id, safe='')}/media", form, headers)
        media_id = answers.document_of(answer).get("id")
        if not isinstance(media_id, str) or not 0 < len(media_id) <= ID_MAX_CHARACTERS:
            raise answer.error(secret=self.client.token)
        return media_id

    def sample(self, app_id: str, file: IO[bytes], *, mime_type: str, size_bytes: int) -> str:
        """Hand a file to an app, in one session; return the handle that a template names it by.

        Raises: NotSentError, TokenError, RefusedError, MaybeSentError.
        Source: developers.facebook.com/docs/graph-api/guides/upload, read 2026-11.
        """
        query = {"file_name": "file", "file_length": str(size_bytes), "file_type": mime_type}
        try:
            answer = self.client.call("POST", f"{quote(app_id, safe='')}/uploads", query=query)
        except errors.MaybeSentError as error:
            raise errors.NotSentError(error.detail) from None  # another session does no harm
        session = answers.document_of(answer).get("id")
        if not isinstance(session, str) or not _SESSION.fullmatch(session):
            raise answer.error(secret=self.client.token)
        headers = {
            "Authorization": f"OAuth {self.client.token}",
            "Content-Type": "application/octet-stream",
            "file_offset": "0",
        }
        answer = self._post(session, _Raw(file, size_bytes), headers)
        handle = answers.document_of(answer).get("h")
        if not isinstance(handle, str) or not 0 < len(handle) <= HANDLE_MAX_CHARACTERS:
            raise answer.error(secret=self.client.token)
        return handle

    def _post(self, path: str, body: "_Form | _Raw", headers: dict[str, str]) -> Answer:
        client = self.client
        wire.begin(seconds=TOTAL_SECONDS)
        try:
            with wire.session().post(
                f"{client.base_url.rstrip('/')}/{client.version}/{path}",
                data=body,
                headers=headers,
                timeout=(wire.CONNECT_SECONDS, wire.READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = response.raw.read(ANSWER_MAX_BYTES)
                return Answer(response.status_code, response.headers, content)
        except (requests.RequestException, OSError) as error:
            # Whatever became of it: the same call may be made again.
            raise errors.NotSentError(type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class _Raw:
    """A file as a body; ends with the call's time."""

    file: IO[bytes]
    size_bytes: int

    def __len__(self) -> int:
        return self.size_bytes

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        wire.seconds_left()
        return self.file.read(_CHUNK_BYTES if size < 0 else size)


class _Form:
    """A multipart body around a file that stays where it is; ends with the call's time."""

    def __init__(self, file: IO[bytes], mime_type: str) -> None:
        boundary = token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        # The name is ours: what somebody called a file is nobody's business there.
        parts = (
            ('name="messaging_product"', "whatsapp\r\n"),
            ('name="type"', f"{mime_type}\r\n"),
            (f'name="file"; filename="file"\r\nContent-Type: {mime_type}', ""),
        )
        opening = f"--{boundary}\r\nContent-Disposition: form-data; "
        head = "".join(f"{opening}{name}\r\n\r\n{value}" for name, value in parts).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        size = file.seek(0, 2)
        file.seek(0)
        self._parts: list[IO[bytes]] = [io.BytesIO(head), file, io.BytesIO(tail)]
        self._length = len(head) + size + len(tail)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; fewer than asked for where one part ends."""
        wire.seconds_left()
        size = _CHUNK_BYTES if size < 0 else size
        while self._parts:
            if chunk := self._parts[0].read(size):
                return chunk
            self._parts.pop(0)
        return b""
