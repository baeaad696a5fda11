"""How bad a thing is, and how it is said."""

from dataclasses import dataclass
from enum import StrEnum


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalog."""
    return sentence


class Grade(StrEnum):
    """How a step went, or that it did not go yet."""

    RUNNING = "RUNNING"
    OK = "OK"
    WARNING = "WARNING"
    PROBLEM = "PROBLEM"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what to do about it; "" where nothing is to be done."""

    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How bad a finding is; ``code`` is the finding's."""

    grade: Grade
    code: str
