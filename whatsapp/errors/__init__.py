"""How a call to the Cloud API can end badly, and what its error codes mean.

Pure: no Django, no clock. ``TABLE`` is the only source of what a code means.
Source: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes, read 2026-11.
"""

from dataclasses import replace

from whatsapp.errors.accounts import ACCESS, TIME
from whatsapp.errors.meanings import Answer, Failure, Kind, Wait, Whose
from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.errors.messages import CUSTOMER, MESSAGE
from whatsapp.errors.ours import (
    ALREADY_ARRIVED,
    CANCELLED,
    NOT_PERMITTED,
    OURS,
    QUOTA_REACHED,
)

__all__ = [
    "ALREADY_ARRIVED",
    "CANCELLED",
    "NOT_PERMITTED",
    "QUOTA_REACHED",
    "TABLE",
    "UNCONFIRMED",
    "UNREACHABLE",
    "Answer",
    "CloudApiError",
    "Failure",
    "Kind",
    "MaybeSentError",
    "NotSentError",
    "RefusedError",
    "TokenError",
    "Wait",
    "Whose",
    "beyond_help",
    "explain",
    "from_answer",
]

TABLE: dict[int, Failure] = {**ACCESS, **TIME, **CUSTOMER, **MESSAGE, **OURS}
UNLISTED = Failure(
    code=None,
    kind=Kind.PERMANENT,
    whose=Whose.WHATSAPP,
    title=_("WhatsApp refused the message."),
    action=_("See the details; sending it again later may help."),
    may_help=True,
)
# What an UNCONFIRMED message says; it has no code.
UNCONFIRMED = Failure(
    code=None,
    kind=Kind.RETRY,
    whose=Whose.WHATSAPP,
    title=_("WhatsApp has not confirmed this message: it may or may not have arrived."),
    action=_("Ask the customer, or send it again."),
    may_help=True,
    answer=Answer.MAYBE,
    wait=Wait(60, 1800),
)
# The wait after a connection that never took the request.
UNREACHABLE = Wait(2, 60)


class CloudApiError(Exception):
    """A call that ended without an accepted message; the subclass says what is known of it.

    ``code`` is Meta's, None where no readable answer came. ``detail`` is for experts (Meta's words,
    or what happened to the connection) and never holds a token.
    """

    def __init__(
        self, detail: str = "", *, code: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(detail or f"code {code}")
        self.code = code
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class NotSentError(CloudApiError):
    """Certainly not sent, by a broken connection or a limit: the same call may pass later."""

    @property
    def wait(self) -> Wait:
        """How long to wait when Meta named no time."""
        return explain(self.code).wait or UNREACHABLE


class TokenError(CloudApiError):
    """Certainly not sent: the token is dead, and every other call with it will fail too."""


class RefusedError(CloudApiError):
    """Certainly not sent: refused for good."""


class MaybeSentError(CloudApiError):
    """Nobody knows: the message may be on its way, so it must never be sent again by itself."""


_CLASSES: dict[Answer, type[CloudApiError]] = {
    Answer.REFUSED: RefusedError,
    Answer.LATER: NotSentError,
    Answer.TOKEN: TokenError,
    Answer.MAYBE: MaybeSentError,
}


def explain(code: int | None) -> Failure:
    """Return what a code means; an unlisted one gets a general explanation that carries it."""
    if code in TABLE:
        return TABLE[code]
    return replace(UNLISTED, code=code)


def beyond_help() -> frozenset[int]:
    """Return the codes after which sending the same again is of no use."""
    return frozenset(code for code, failure in TABLE.items() if not failure.may_help)


def from_answer(
    *, http_status: int, code: int | None, detail: str, retry_after_seconds: float | None
) -> CloudApiError:
    """Return the error for an answer without a message id.

    The code decides; the HTTP status only where the code is missing or unlisted.
    """
    answer = _answer(http_status, code)
    return _CLASSES[answer](detail, code=code, retry_after_seconds=retry_after_seconds)


def _answer(http_status: int, code: int | None) -> Answer:
    listed = TABLE[code].answer if code in TABLE else None
    if http_status == 401 and listed in {None, Answer.REFUSED}:
        return Answer.TOKEN
    return listed or _by_status(http_status)


def _by_status(http_status: int) -> Answer:
    if http_status == 429:
        return Answer.LATER
    # A redirect is never followed; after a 303 the request has been acted upon.
    if http_status in {301, 302, 307, 308} or (400 <= http_status < 500 and http_status != 408):
        return Answer.REFUSED
    return Answer.MAYBE
