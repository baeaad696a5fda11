"""What is wrong with a template or with what fills it, said without any framework."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that Meta would refuse. ``place`` leads to it: its steps, from the outside in.

    The sentence is English with named ``%`` places; whoever shows it translates and fills it.
    """

    place: tuple[str, ...]
    code: str
    sentence: str
    values: dict[str, Any] = field(default_factory=dict)


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogue."""
    return sentence
