"""Values that pages and the API show and no table holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext_lazy

from whatsapp.errors import Failure, Whose
from whatsapp.rendering import Problem

WHOSE_LABELS = {
    Whose.US: pgettext_lazy("whose matter a failure is", "You"),
    Whose.CUSTOMER: pgettext_lazy("whose matter a failure is", "The customer"),
    Whose.WHATSAPP: pgettext_lazy("whose matter a failure is", "WhatsApp"),
    Whose.SETUP: pgettext_lazy("whose matter a failure is", "An admin"),
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody's reaction to a message, the last one that he chose."""

    emoji: str
    by_business: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said before it was edited."""

    text: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Marks:
    """What was done to a message after it was written."""

    reactions: tuple[Reaction, ...] = ()
    versions: tuple[Version, ...] = ()  # oldest first; what it says now is not among them
    revoked_at: datetime | None = None

    @property
    def edited_at(self) -> datetime | None:
        return self.versions[-1].until if self.versions else None


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class FailureNote:
    """Why a message was not sent, in the reader's language."""

    code: int | None
    title: str
    detail: str  # Meta's own words, or ours translated; for experts
    whose: str  # errors.Whose
    whose_label: str
    action: str
    may_send_again: bool


def failure_note(failure: Failure, detail: str) -> FailureNote:
    """Translate a failure's sentences into the active language."""
    return FailureNote(
        code=failure.code,
        title=gettext(failure.title),
        # Reasons of our own are stored in English and are in the catalogue; Meta's pass unchanged.
        detail=gettext(detail) if detail else "",
        whose=failure.whose.value,
        whose_label=str(WHOSE_LABELS[failure.whose]),
        action=gettext(failure.action),
        may_send_again=failure.may_help,
    )


def problem_kept(problems: Sequence[Problem]) -> dict[str, Any] | None:
    """Return the first problem as a row keeps it, in no language yet."""
    for problem in problems:
        place = problem.place[-1] if problem.place else ""
        return {"place": place, "sentence": problem.sentence, "values": problem.values}
    return None


def problem_told(kept: dict[str, Any] | None) -> str:
    """Put a kept problem into a sentence of the active language."""
    if not kept:
        return ""
    sentence = gettext(kept["sentence"]) % kept["values"]
    return f"{kept['place']}: {sentence}" if kept["place"] else sentence


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list goes on: after the row with this time and id, newest first."""

    at: datetime
    pk: int
