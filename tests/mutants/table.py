"""The table of docs/reliability.md: `python -m tests.mutants.table` writes it anew."""

from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tests.mutants import patching
from tests.mutants.patching import Mutant

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- the table begins -->\n", "<!-- the table ends -->\n"


def table() -> str:
    """Return what is taken away, by promise, and the test that notices."""
    mutants = sorted(patching.mutants(), key=attrgetter("promise", "name"))
    parts = [
        _part(promise, list(rows)) for promise, rows in groupby(mutants, attrgetter("promise"))
    ]
    return "\n".join(parts)


def written() -> str:
    """Return the table as the document has it."""
    return DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]


def _part(promise: str, mutants: list[Mutant]) -> str:
    rows = [f"| {one.removes} | {_where(one)} | {_tests(one)} |" for one in mutants]
    return "\n".join(
        [f"### {promise}", "", "| mechanism | where | test |", "|---|---|---|", *rows, ""]
    )


def _where(mutant: Mutant) -> str:
    return ", ".join(dict.fromkeys(f"`{hunk.path}`" for hunk in mutant.hunks))


def _tests(mutant: Mutant) -> str:
    return ", ".join(f"`{test.rpartition('/')[2]}`" for test in mutant.tests)


if __name__ == "__main__":
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
