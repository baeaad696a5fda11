"""Keep secrets, customers' numbers and what they write out of every log line."""

import logging
import re
import traceback

_RULES = [
    (
        re.compile(
            r"(?i)((?:authorization|access_token|input_token|client_secret)['\"]?[:=]"
            r"\s*['\"]?(?:bearer\s+)?|bearer\s+)[^\s&'\",;]+"
        ),
        r"\1[secret]",
    ),
    (re.compile(r"\bEAA[0-9A-Za-z]{8,}"), "[secret]"),  # Meta's
    (re.compile(r"\bblc_[0-9A-Za-z]+_[0-9A-Za-z]+"), "[secret]"),  # programs' keys
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+"), "[secret]"),  # ours
    # Links that let somebody in.
    (re.compile(r"(/(?:invitation/|password/|support/enter\?token=))[\w-]{20,}"), r"\1[secret]"),
    (re.compile(r"sha256=[0-9a-fA-F]{16,}"), "sha256=[signature]"),
    (re.compile(r"(?<![\w.-])\+?\d{8,11}(\d{4})(?![\w.-])"), r"…\1"),
]
# What ends a line, moves a terminal's cursor or turns the direction of what follows.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CAUSES_MAX = 10
_SENTENCE_MAX = 500


def redact(text: str) -> str:
    """Replace tokens, signatures and all but the last four digits of phone numbers."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts a record once, whatever its arguments were, and what its exception says."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _line(record.getMessage())
        record.args = ()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.exc_text = _told(error)
        return True


def _line(text: str) -> str:
    """Redact, and let nothing in a customer's text look like a line of ours."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], redact(text))


def _told(error: BaseException) -> str:
    """Write an exception and its causes much as Python does, first cause first."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < _CAUSES_MAX:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{_sentence(current)}")
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    return "\n\n".join(reversed(parts))


def _sentence(error: BaseException) -> str:
    """Name an exception. PostgreSQL quotes whole rows: of its errors the code says enough."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if type(error).__module__ == "django.db.utils":
        return kind  # its cause, which is told as well, has the code
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return f"{kind}: {state} {getattr(error.diag, 'constraint_name', None) or ''}".rstrip()  # type: ignore[attr-defined] # psycopg's
    return _line(f"{kind}: {error}"[:_SENTENCE_MAX])
