"""What can be said of an error code, in English sentences; whoever shows them translates them."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """Who or what has to change before the same message could pass."""

    PERMANENT = "PERMANENT"  # this message never will
    CONFIGURATION = "CONFIGURATION"  # a person has to repair number, account or template
    RETRY = "RETRY"  # time alone
    USER = "USER"  # the customer, or what WhatsApp decided about them


class Whose(StrEnum):
    """Whose matter a failure is."""

    US = "US"
    CUSTOMER = "CUSTOMER"
    WHATSAPP = "WHATSAPP"
    SETUP = "SETUP"


class Answer(StrEnum):
    """What is known of a message whose send was answered with a code."""

    REFUSED = "REFUSED"  # not sent, for good
    LATER = "LATER"  # not sent, the same call may pass later
    TOKEN = "TOKEN"  # noqa: S105 - not sent, the access token is dead
    MAYBE = "MAYBE"  # nobody knows


@dataclass(frozen=True, slots=True)
class Wait:
    """How many seconds before the next try: ``first``, then ``factor`` times more, up to ``most``.

    ``pair`` waits concern one customer, the others everything that the number sends.
    """

    first: int
    most: int
    factor: int = 2
    pair: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A code's meaning, in sentences for an operator."""

    code: int | None
    kind: Kind
    whose: Whose
    title: str
    action: str
    may_help: bool  # whether sending the message again can help, at once or after the action
    answer: Answer = Answer.REFUSED
    wait: Wait | None = None


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for ``makemessages`` and leave it as it is."""
    return sentence


def permanent(*codes: int, whose: Whose, title: str, action: str) -> dict[int, Failure]:
    """Rows of codes that no repetition cures."""
    return _rows(codes, Failure(None, Kind.PERMANENT, whose, title, action, may_help=False))


def setup(
    *codes: int, title: str, action: str, answer: Answer = Answer.REFUSED
) -> dict[int, Failure]:
    """Rows of codes that an admin has to cure."""
    row = Failure(None, Kind.CONFIGURATION, Whose.SETUP, title, action, may_help=True)
    return _rows(codes, replace(row, answer=answer))


def retry(
    *codes: int, whose: Whose, title: str, action: str, wait: Wait, answer: Answer = Answer.REFUSED
) -> dict[int, Failure]:
    """Rows of codes that time cures."""
    row = Failure(None, Kind.RETRY, whose, title, action, may_help=True)
    return _rows(codes, replace(row, answer=answer, wait=wait))


def user(
    *codes: int, whose: Whose, title: str, action: str, may_help: bool = False
) -> dict[int, Failure]:
    """Rows of codes that concern one customer."""
    return _rows(codes, Failure(None, Kind.USER, whose, title, action, may_help=may_help))


def _rows(codes: tuple[int, ...], row: Failure) -> dict[int, Failure]:
    return {code: replace(row, code=code) for code in codes}
