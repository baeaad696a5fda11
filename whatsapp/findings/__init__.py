"""What a step of a job can find, in English sentences; whoever shows them translates them.

Pure. A job keeps the codes only (``STEPS``, ``TABLE``), with the values that fill the sentences:
so the same findings are read in any language, and a better sentence needs no new look.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp import errors
from whatsapp.findings import numbers, signup
from whatsapp.findings.grades import Finding, Grade, Verdict

__all__ = ["STEPS", "TABLE", "Finding", "Grade", "Told", "Verdict", "of_error", "told"]

# The steps' titles, and what they can find, by code.
STEPS: dict[str, str] = {**numbers.STEPS, **signup.STEPS}
TABLE: dict[str, Finding] = {**numbers.TABLE, **signup.TABLE}


@dataclass(frozen=True, slots=True)
class Told:
    """A step as people read it."""

    step: str
    title: str
    state: str
    code: str
    what: str
    fix: str


def of_error(code: int | None) -> str:
    """Return the finding that a step ended with an error of Meta's."""
    return f"error.{code or ''}"


class _Values(dict[str, Any]):
    """Fills a sentence that asks for more than was kept at its time."""

    def __missing__(self, key: str) -> str:
        return "?"


def told(row: Mapping[str, Any], translate: Callable[[str], str]) -> Told:
    """Put a step of a job into sentences; what is not listed (any more) keeps its code."""
    step, finding, title = row["step"], _finding(row["code"]), STEPS.get(row["step"])
    values = _Values(row["values"])
    return Told(
        step=step,
        title=translate(title) if title else step,
        state=row["state"],
        code=row["code"],
        what=(translate(finding.what) % values).strip() if finding else row["code"],
        fix=translate(finding.fix) % values if finding and finding.fix else "",
    )


def _finding(code: str) -> Finding | None:
    kind, _, number = code.partition(".")
    if kind != "error":
        return TABLE.get(code)
    failure = errors.explain(int(number) if number else None)
    return Finding(numbers.REFUSED, failure.action if number else "")
