"""The one door to Meta's Cloud API.

Every call ends in an answer or in a ``CloudApiError`` that says what is known of the message.
Nothing is ever tried twice here: only the caller knows whether it may.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import requests

from whatsapp import errors
from whatsapp.client import answers, wire
from whatsapp.client.answers import SentMessage

__all__ = ["CloudApiClient", "SentMessage"]

ANSWER_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CloudApiClient:
    """Calls of one access token. Cheap to make: connections belong to the thread.

    Raises: TokenError, for a token that no header can carry.
    """

    base_url: str
    version: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        printable = self.token.isascii() and self.token.isprintable()
        if not self.token or not printable or " " in self.token:
            raise errors.TokenError("The stored access token is empty or damaged.")

    def send_message(self, phone_number_id: str, body: Mapping[str, Any]) -> SentMessage:
        """Send one message; returns once Meta has accepted it.

        ``body`` is Meta's envelope. Takes ``wire.TOTAL_SECONDS`` at most. Not idempotent: Meta has
        no idempotency key.

        Raises: NotSentError, TokenError, RefusedError, MaybeSentError.
        Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, read 2026-11.
        """
        answer = self.call("POST", f"{quote(phone_number_id, safe='')}/messages", body=body)
        sent = answer.sent_message()
        if sent is None:
            # Meta repeats a token that it cannot read.
            raise answer.error(secret=self.token)
        return sent

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> answers.Answer:
        """Make one call of any kind; ``path`` is quoted already. Raises: NotSentError,
        MaybeSentError.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        wire.begin()
        try:
            with wire.send(method, self._url(path, query), headers=headers, body=data) as response:
                return answers.Answer(response.status_code, response.headers, _body(response))
        except (requests.RequestException, OSError) as error:
            # Without the cause: its text holds whatever the library thinks fit.
            raise _broken(error) from None

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        url = f"{self.base_url.rstrip('/')}/{self.version}/{path}"
        return f"{url}?{urlencode(query)}" if query else url


def _body(response: requests.Response) -> bytes | None:
    """Read an answer; None where it is too long to be Meta's."""
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > ANSWER_MAX_BYTES:
            return None
    return bytes(body)


def _broken(error: Exception) -> errors.CloudApiError:
    """Say what a broken connection means for the message."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    detail = type(cause or error).__name__
    if wire.is_unwritten(error):
        return errors.NotSentError(detail)
    return errors.MaybeSentError(detail)
