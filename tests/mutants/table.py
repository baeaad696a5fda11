"""The tables of docs/reliability.md: `python -m tests.mutants.table` writes them anew."""

from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tests.faults.matrix import FAULTS, Fault
from tests.mutants import patching
from tests.mutants.patching import Mutant

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- the table begins -->\n", "<!-- the table ends -->\n"
FAULTS_BEGIN, FAULTS_END = "<!-- the faults begin -->\n", "<!-- the faults end -->\n"


def table() -> str:
    """Return what is taken away, by promise, and the test that notices."""
    mutants = sorted(patching.mutants(), key=attrgetter("promise", "name"))
    parts = [
        _part(promise, list(rows)) for promise, rows in groupby(mutants, attrgetter("promise"))
    ]
    return "\n".join(parts)


def faults() -> str:
    """Return what may go wrong, what happens then, and the tests that make it go wrong."""
    parts = [_faults_of(group, list(rows)) for group, rows in groupby(FAULTS, attrgetter("group"))]
    return "\n".join(parts)


def written(begin: str = BEGIN, end: str = END) -> str:
    """Return a table as the document has it."""
    return DOCUMENT.read_text().partition(begin)[2].partition(end)[0]


def _faults_of(group: str, faults: list[Fault]) -> str:
    rows = [f"| {one.what} | {one.then} | {_tests(one)} |" for one in faults]
    return "\n".join([f"### {group}", "", "| fault | then | test |", "|---|---|---|", *rows, ""])


def _part(promise: str, mutants: list[Mutant]) -> str:
    rows = [f"| {one.removes} | {_where(one)} | {_tests(one)} |" for one in mutants]
    return "\n".join(
        [f"### {promise}", "", "| mechanism | where | test |", "|---|---|---|", *rows, ""]
    )


def _where(mutant: Mutant) -> str:
    return ", ".join(dict.fromkeys(f"`{hunk.path}`" for hunk in mutant.hunks))


def _tests(one: Mutant | Fault) -> str:
    return ", ".join(f"`{test.rpartition('/')[2]}`" for test in one.tests)


def _renew(begin: str, table: str, end: str) -> None:
    before, _, rest = DOCUMENT.read_text().partition(begin)
    DOCUMENT.write_text(before + begin + table + end + rest.partition(end)[2])


if __name__ == "__main__":
    _renew(BEGIN, table(), END)
    _renew(FAULTS_BEGIN, faults(), FAULTS_END)
