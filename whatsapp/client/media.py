"""Files of messages: ask where one lies, and fetch it. A call may be repeated without harm.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media, read 2026-11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote, urlencode, urlsplit

import requests

from whatsapp import errors
from whatsapp.client import answers, wire
from whatsapp.client.answers import Answer

CHUNK_BYTES = 256 * 1024
ANSWER_MAX_BYTES = 64 * 1024
URL_MAX_CHARACTERS = 4096


class FileTooLargeError(Exception):
    """The file has more bytes than are taken."""


class SinkError(Exception):
    """The bytes came, and could not be written down."""


class ForeignAddressError(Exception):
    """The file's address is none of Meta's."""


@dataclass(frozen=True, slots=True)
class Described:
    """Where a file lies for the next five minutes, and what Meta says of it ("" where nothing)."""

    url: str
    mime_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Reader:
    """One token's way to files. ``hosts`` are names, or suffixes that start with a dot."""

    base_url: str
    version: str
    token: str
    hosts: Sequence[str]

    def describe(self, media_id: str, *, phone_number_id: str) -> Described:
        """Ask for a file's address. Raises: CloudApiError."""
        query = urlencode({"phone_number_id": phone_number_id})
        path = f"{self.version}/{quote(media_id, safe='')}?{query}"
        answer = self._ask(f"{self.base_url.rstrip('/')}/{path}")
        document = answers.document_of(answer)
        url = document.get("url")
        if document.get("error") or not isinstance(url, str) or len(url) > URL_MAX_CHARACTERS:
            raise answer.error(secret=self.token)
        return Described(url, _text(document.get("mime_type")), _text(document.get("sha256")))

    def download(self, url: str, sink: IO[bytes], *, max_bytes: int) -> int:
        """Write a file's bytes into ``sink`` as they come; return how many there were.

        The token goes along, so only Meta's own hosts are asked, and no redirect is followed.
        Raises: CloudApiError, FileTooLargeError, ForeignAddressError, SinkError.
        """
        if not self._is_known(url):
            raise ForeignAddressError
        wire.begin()
        try:
            with self._get(url) as response:
                if response.status_code != 200:
                    body = response.raw.read(ANSWER_MAX_BYTES)
                    answer = Answer(response.status_code, response.headers, body)
                    raise answer.error(secret=self.token)
                return _copy(response, sink, max_bytes)
        except (requests.RequestException, OSError) as error:
            raise errors.NotSentError(type(error).__name__) from None

    def _ask(self, url: str) -> Answer:
        wire.begin()
        try:
            with self._get(url) as response:
                body = response.raw.read(ANSWER_MAX_BYTES)
                return Answer(response.status_code, response.headers, body)
        except (requests.RequestException, OSError) as error:
            raise errors.NotSentError(type(error).__name__) from None

    def _get(self, url: str) -> requests.Response:
        return wire.session().get(
            url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=(wire.CONNECT_SECONDS, wire.READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )

    def _is_known(self, url: str) -> bool:
        # Parsers disagree on the odd ones: those are nobody's.
        if not url.isascii() or not url.isprintable() or set(url) & set("\\@ "):
            return False
        try:
            place, base = urlsplit(url), urlsplit(self.base_url)
            port, own = place.port, (base.scheme, base.hostname, base.port)
        except ValueError:
            return False
        if (place.scheme, place.hostname, port) == own:
            return True
        host = place.hostname or ""
        named = any(host == one or (one[:1] == "." and host.endswith(one)) for one in self.hosts)
        return named and place.scheme == "https" and port in {None, 443}


def _copy(response: requests.Response, sink: IO[bytes], max_bytes: int) -> int:
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 16 and int(announced) > max_bytes:
        raise FileTooLargeError
    size = 0
    for chunk in response.iter_content(CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            raise FileTooLargeError
        try:
            sink.write(chunk)
        except OSError as error:
            raise SinkError(type(error).__name__) from error
    if announced.isdecimal() and len(announced) < 16 and size < int(announced):
        raise errors.NotSentError("the file ended early")
    return size


def _text(value: object) -> str:
    return value[:100] if isinstance(value, str) else ""
