"""Turn bytes into JSON that Postgres can keep, and single values into what we expect of them."""

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

REPLACEMENT = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")
# WhatsApp is younger than this; older times are mistakes.
_EPOCH_SECONDS = datetime(2009, 1, 1, tzinfo=UTC).timestamp()
_MILLISECONDS_FROM = 1e12
_DIGITS_MAX = 32
_AHEAD = timedelta(days=1)


def load(body: bytes) -> Any:
    """Decode a body of any Unicode encoding; NUL and lone surrogates become U+FFFD.

    Raises: ValueError for what is no JSON, RecursionError for what is nested too deep.
    """
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode(encoding, "replace")
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # One number of thousands of digits must not take the rest along.
        document = _PATIENT_DECODER.decode(text)
    return clean(document) if _may_be_dirty(text) else document


def clean(value: Any) -> Any:
    """Replace NUL and lone surrogates in every text and key."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def clean_text(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    return text if text.isascii() else _SURROGATE.sub(REPLACEMENT, text)


def text_of(value: Any, limit: int = 1_000_000) -> str:
    """Return a text as it is and a whole number as its digits; anything else is ""."""
    if isinstance(value, str):
        return value[:limit]
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value}"[:limit]
    return ""


def dict_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def moment(value: Any, fallback: datetime) -> datetime:
    """Return the time of a count of seconds (text or number) or milliseconds.

    What is no time, lies before WhatsApp or more than a day after ``fallback``, is ``fallback``.
    """
    return moment_or_none(value, fallback) or fallback


def moment_or_none(value: Any, now: datetime) -> datetime | None:
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > _DIGITS_MAX):
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    if not _EPOCH_SECONDS <= seconds <= (now + _AHEAD).timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _may_be_dirty(text: str) -> bool:
    return (
        "\\u0000" in text
        or "\\ud" in text
        or "\\uD" in text
        or "\x00" in text
        or (not text.isascii() and _SURROGATE.search(text) is not None)
    )


def _finite(digits: str) -> float | str:
    """Keep as text what JSON and Postgres cannot hold as a number."""
    number = float(digits)
    return number if math.isfinite(number) else digits


def _patient_int(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


# Not strict: a bare control character in a text is no reason to lose the text.
_DECODER = json.JSONDecoder(strict=False, parse_float=_finite, parse_constant=str)
_PATIENT_DECODER = json.JSONDecoder(
    strict=False, parse_float=_finite, parse_constant=str, parse_int=_patient_int
)
