"""What a step of a job can find, in English sentences; whoever shows them translates them.

Pure. A job keeps the codes only (``STEPS``, ``TABLE``), with the values that fill the sentences:
so the same findings are read in any language, and a better sentence needs no new look.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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


# The steps' titles, and what they can find, by code.
STEPS: dict[str, str] = {}
TABLE: dict[str, Finding] = {}


@dataclass(frozen=True, slots=True)
class Told:
    """A step as people read it."""

    step: str
    title: str
    state: str
    code: str
    what: str
    fix: str


def told(row: Mapping[str, Any], translate: Callable[[str], str]) -> Told:
    """Put a step of a job into sentences; what is not listed (any more) keeps its code."""
    step, code = row["step"], row["code"]
    finding = TABLE.get(code, Finding(code))
    title = STEPS.get(step)
    return Told(
        step=step,
        title=translate(title) if title else step,
        state=row["state"],
        code=code,
        what=_filled(finding.what, row["values"], translate),
        fix=_filled(finding.fix, row["values"], translate),
    )


def _filled(sentence: str, values: Mapping[str, Any], translate: Callable[[str], str]) -> str:
    return translate(sentence) % values if sentence else ""
