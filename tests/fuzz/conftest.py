"""Count over all operations what was asked and what was wrong, whichever process asked."""

import os
from typing import Any

_totals = [0, 0, 0]


def pytest_runtest_logreport(report: Any) -> None:
    """Add an operation's counts."""
    for name, counts in report.user_properties if report.when == "call" else ():
        if name == "fuzz":
            _totals[:] = [total + one for total, one in zip(_totals, counts, strict=True)]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say them all."""
    seed = os.environ.get("FUZZ_SEED", "")
    if _totals[0]:
        terminalreporter.write_line(
            f"{_totals[0]:,} requests that nobody wrote down: {_totals[1]} errors of ours,"
            f" {_totals[2]} answers that are not described (FUZZ_SEED={seed})"
        )
