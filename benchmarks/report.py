"""Print figures side by side, and say whether a promise was kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.load import Outcome


@dataclass(slots=True)
class Table:
    """A plain table; numbers to the right."""

    headings: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        self.rows.append([_text(cell) for cell in cells])

    def __str__(self) -> str:
        lines = [list(self.headings), *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if index == 0 else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )


@dataclass(slots=True)
class Gates:
    """Promises with a limit; ``failed`` has what was missed."""

    failed: list[str] = field(default_factory=list)

    def below(self, promise: str, value: float, limit: float) -> None:
        kept = value < limit  # not a number is not kept
        print(f"{'kept  ' if kept else 'MISSED'}  {promise}: {value:.1f} (limit {limit:g})")
        if not kept:
            self.failed.append(promise)


def ratio(ours: float, theirs: float) -> str:
    """Return how many times ``theirs`` goes into ``ours``."""
    return f"{ours / theirs:.1f}x" if theirs else "-"


def cpu_us(cpu_seconds: float, outcome: Outcome) -> float:
    """Return processor microseconds for each good answer."""
    return cpu_seconds / outcome.good * 1e6 if outcome.good else float("nan")


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
