"""Small patches that take one safeguard away each, and how to apply them.

A hunk's lines are looked for wherever they stand now: the numbers in its header are not read, so a
patch lives as long as the lines that it names. They must stand in the file exactly once.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("patches")
_HEADER = re.compile(r"(Promise|Removes|Tests): (.+)")


class PatchError(Exception):
    """A patch that does not fit the code any more; the message says where."""


@dataclass(slots=True)
class Hunk:
    """What stands in a file, and what shall stand there."""

    path: str
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Mutant:
    """A safeguard taken away, and the tests that must notice."""

    name: str
    promise: str
    removes: str
    tests: list[str]  # pytest's node ids
    hunks: list[Hunk]


def mutants(folder: Path = FOLDER) -> list[Mutant]:
    """Read every patch, in the order of their names."""
    return [read(path) for path in sorted(folder.glob("*.patch"))]


def read(path: Path) -> Mutant:
    """Read one. Raises: PatchError."""
    head, _, diff = path.read_text().partition("\n--- ")
    values = dict(match.groups() for match in map(_HEADER.fullmatch, head.splitlines()) if match)
    try:
        promise, removes, tests = (values[key] for key in ("Promise", "Removes", "Tests"))
    except KeyError as missing:
        raise PatchError(f"{path.name}: no line {missing} at its beginning.") from None
    hunks = _hunks(f"--- {diff}".splitlines())
    if not hunks:
        raise PatchError(f"{path.name}: it changes nothing.")
    return Mutant(path.stem, promise, removes, tests.split(), hunks)


def apply(mutant: Mutant, root: Path) -> None:
    """Change the files under ``root``. Raises: PatchError."""
    for hunk in mutant.hunks:
        file = root / hunk.path
        old, new = ("\n".join(lines) + "\n" for lines in (hunk.old, hunk.new))
        text = f"\n{file.read_text()}"
        count = text.count(f"\n{old}")
        if count != 1:
            raise PatchError(f"{mutant.name}: its lines stand {count} times in {hunk.path}.")
        file.write_text(text.replace(f"\n{old}", f"\n{new}").removeprefix("\n"))


def _hunks(lines: list[str]) -> list[Hunk]:
    hunks: list[Hunk] = []
    path = ""
    for line in lines:
        if line.startswith("--- "):
            continue
        if line.startswith("+++ "):
            path = line.removeprefix("+++ ").removeprefix("b/")
        elif line.startswith("@@"):
            hunks.append(Hunk(path))
        elif hunks:
            _take(hunks[-1], line[:1], line[1:])
    return hunks


def _take(hunk: Hunk, sign: str, text: str) -> None:
    if sign != "+":
        hunk.old.append(text)
    if sign != "-":
        hunk.new.append(text)
