"""How the demo's conversations are written down, and read into lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"(?P<side>[<>])(?:\[(?P<kind>\w+)\])?(?: (?P<text>.*))?")
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Line:
    """One message: whose, of which type, and how long after the one before."""

    is_inbound: bool
    kind: str
    text: str
    after_seconds: int


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation. ``script`` has a message a line: ``<`` from the customer, ``>`` to them.

    ``<[image] text`` is another type than text; ``---`` is a night between two lines. ``tick`` is
    how far the last messages to the customer came, after the customer's last answer.
    """

    name: str
    wa_id: str
    ago_seconds: int  # of the last message
    script: str
    tick: str = "READ"
    error_code: int | None = None
    unread: int = 0
    reaction: str = ""  # of the customer, to the last message that he got
    saved_as: str = ""  # what an operator called the contact
    is_closed: bool = False

    def lines(self) -> Iterator[Line]:
        """Read the script."""
        nights = 0
        for number, row in enumerate(self.script.strip().splitlines()):
            if row.strip() == "---":
                nights += 1
                continue
            found = _LINE.fullmatch(row.strip())
            if found is None:
                raise ValueError(f"{self.name}: {row!r}")
            yield Line(
                is_inbound=found["side"] == "<",
                kind=(found["kind"] or "text").upper(),
                text=found["text"] or "",
                after_seconds=_pause(nights, number * 97 + len(row) * 13),
            )
            nights = 0


def _pause(nights: int, chance: int) -> int:
    """Return the seconds since the line before: some minutes, or until another morning."""
    return nights * DAY - 7 * HOUR if nights else 40 + chance % 420
