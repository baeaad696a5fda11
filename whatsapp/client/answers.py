"""Read what the Cloud API answers, whatever it is."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp import errors
from whatsapp.payloads import cleaning

TEXT_MAX_CHARACTERS = 500
WAMID_MAX_CHARACTERS = 200
RETRY_AFTER_MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What Meta accepted. ``wa_id`` and ``user_id`` are empty where Meta did not name them."""

    wamid: str
    wa_id: str
    user_id: str
    message_status: str  # "accepted", "held_for_quality_assessment", ... or empty


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came; ``body`` is None where it was too long to read."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None

    def sent_message(self) -> SentMessage | None:
        """Return what was accepted; None where the answer does not say so plainly."""
        document = _object(self.body or b"")
        # An answer may carry both: what is called an error is one.
        if document.get("error") is not None or not 200 <= self.status < 300:
            return None
        return _sent_message(document)

    def error(self, *, secret: str) -> errors.CloudApiError:
        """Return what the answer means, in a text that does not hold ``secret``."""
        error = _object(self.body or b"").get("error")
        fields = error if isinstance(error, dict) else {"message": error}
        detail = _detail(fields) or f"HTTP {self.status} without a readable answer"
        return errors.from_answer(
            http_status=self.status,
            code=_code(fields.get("code")),
            detail=_plain(detail.replace(secret, "[token]")),
            retry_after_seconds=_retry_after_seconds(self.headers),
        )


def document_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer that went well; empty for every other."""
    return _object(answer.body or b"") if 200 <= answer.status < 300 else {}


def accepted(answer: Answer) -> dict[str, Any] | None:
    """Return an answer's object, fit for a database; None where it is an error.

    Raises: MaybeSentError, where Meta seems to agree in words that nobody can read.
    """
    if not 200 <= answer.status < 300 or answer.body is None:
        return None
    try:
        document = cleaning.load(answer.body)
    except (ValueError, RecursionError):
        raise errors.MaybeSentError("an answer that is not JSON") from None
    if not isinstance(document, dict) or document.get("error") is not None:
        return None
    return document


def any_document_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer, also of one that says that it did not go well."""
    return _object(answer.body or b"")


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _sent_message(document: dict[str, Any]) -> SentMessage | None:
    message, contact = _first(document.get("messages")), _first(document.get("contacts"))
    wamid = _plain(_text(message.get("id")))
    if not wamid or len(wamid) > WAMID_MAX_CHARACTERS:
        return None
    return SentMessage(
        wamid=wamid,
        wa_id=_plain(_text(contact.get("wa_id"))),
        user_id=_plain(_text(contact.get("user_id"))),
        message_status=_plain(_text(message.get("message_status"))),
    )


def _first(items: Any) -> dict[str, Any]:
    item = items[0] if isinstance(items, list) and items else None
    return item if isinstance(item, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """Keep what a database can store."""
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return clean[:TEXT_MAX_CHARACTERS]


def _detail(error: dict[str, Any]) -> str:
    more = error.get("error_data")
    details = more.get("details") if isinstance(more, dict) else more
    return _text(details) or _text(error.get("error_user_msg")) or _text(error.get("message"))


def _code(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    digits = str(value)
    fits = digits.isascii() and digits.isdecimal() and len(digits) < 10
    return int(digits) if fits else None


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    seconds = _number(headers.get("Retry-After"))
    if seconds is None:
        seconds = _usage_seconds(headers.get("X-Business-Use-Case-Usage"))
    return None if seconds is None else min(max(seconds, 0.0), RETRY_AFTER_MAX_SECONDS)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def _usage_seconds(header: str | None) -> float | None:
    """Read the minutes until an account's calls are free again; {"<id>": [{...}]}."""
    usages = [_first(value) for value in _object(header or "").values()]
    minutes = [_number(usage.get("estimated_time_to_regain_access")) for usage in usages]
    longest = max((value for value in minutes if value), default=None)
    return None if longest is None else longest * 60
