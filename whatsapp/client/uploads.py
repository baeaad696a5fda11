"""Hand files over to Meta. A call may be repeated without harm: it makes another id.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media, read 2026-11.
"""

import io
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
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Uploads:
    """One token's way to bring files to numbers."""

    client: CloudApiClient

    def upload(self, phone_number_id: str, file: IO[bytes], *, mime_type: str) -> str:
        """Hand a file over, read as it leaves; return the id that the number sends it by.

        Raises: NotSentError, TokenError, RefusedError, MaybeSentError.
        """
        form = _Form(file, mime_type)
        answer = self._post(f"{quote(phone_number_id, safe='')}/media", form)
        media_id = answers.document_of(answer).get("id")
        if not isinstance(media_id, str) or not 0 < len(media_id) <= ID_MAX_CHARACTERS:
            raise answer.error(secret=self.client.token)
        return media_id

    def _post(self, path: str, form: "_Form") -> Answer:
        client = self.client
        wire.begin(seconds=TOTAL_SECONDS)
        try:
            with wire.session().post(
                f"{client.base_url.rstrip('/')}/{client.version}/{path}",
                data=form,
                headers={
                    "Authorization": f"Bearer {client.token}",
                    "Content-Type": form.content_type,
                },
                timeout=(wire.CONNECT_SECONDS, wire.READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = response.raw.read(ANSWER_MAX_BYTES)
                return Answer(response.status_code, response.headers, body)
        except (requests.RequestException, OSError) as error:
            # Whatever became of it: the same call may be made again.
            raise errors.NotSentError(type(error).__name__) from None


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
