"""How the demo's conversations are written down, and read into lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(
    r"(?P<side>[<>])(?:\[(?P<kind>\w+)(?::(?P<variant>\w+))?\])?(?: (?P<text>[^{}]*?))?"
    r"(?P<notes>(?: \{[^{}]+\})*)"
)
_NOTE = re.compile(r"\{(\w+)(?: ([^{}]*))?\}")
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Line:
    """One message: whose, of which type, and how long after the one before."""

    is_inbound: bool
    kind: str
    variant: str
    text: str
    after_seconds: int
    notes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation. ``script`` has a message a line: ``<`` from the customer, ``>`` to them.

    ``<[image] text`` is another type than text, ``<[image:rug]`` one of its variants (``kinds`` and
    ``ours``); ``---`` is a night between two lines. Notes at the end of a line say more of it:
    ``{quotes 2}`` (the second line before), ``{forwarded}``, ``{forwarded often}``, ``{ad}``,
    ``{post}``, ``{product SKU}``, ``{them ❤️}`` and ``{us 👍}`` (reactions), ``{was old words}``
    (edited since), ``{revoked}``, ``{app}`` (written in the business's app), ``{failed 131049}``.
    ``tick`` is how far the last messages to the customer came, after the customer's last answer.
    """

    name: str
    wa_id: str  # or a user id, of somebody whose number Meta hides
    ago_seconds: int  # of the last message
    script: str
    tick: str = "READ"
    error_code: int | None = None
    unread: int = 0
    saved_as: str = ""  # what an operator called the contact
    is_closed: bool = False
    old_wa_id: str = ""  # before a system message told of the new one

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
                kind=(found["kind"] or "text").lower(),
                variant=found["variant"] or "",
                text=found["text"] or "",
                after_seconds=_pause(nights, number * 97 + len(row) * 13),
                notes=dict(_NOTE.findall(found["notes"])),
            )
            nights = 0


def _pause(nights: int, chance: int) -> int:
    """Return the seconds since the line before: some minutes, or until another morning."""
    return nights * DAY - 7 * HOUR if nights else 40 + chance % 420
