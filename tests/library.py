"""The library of webhook bodies: every body under tests/payloads/, and what must become of it.

``tests/payloads/*.toml`` say of each body: the units that it consists of, the rows that it makes
(all of them, see tests/flows/outcomes.py), and the words of its bubbles. Some need other bodies
``first``, or a message that we had ``sent`` (OURS).
"""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "payloads"
CASES: dict[str, dict[str, Any]] = {
    name: case
    for path in sorted(FOLDER.glob("*.toml"))
    for name, case in tomllib.loads(path.read_text()).items()
}
OURS = "wamid.ours"
# What a case says besides the rows.
WORDS = {"units", "bubbles", "first", "sent"}


def body_of(name: str) -> bytes:
    """Return a body as Meta sends it; those that are no plain JSON end in ``.raw``."""
    path = FOLDER / f"{name}.json"
    return (path if path.exists() else path.with_suffix(".raw")).read_bytes()


def bodies() -> set[str]:
    """Return the names of all bodies."""
    return {path.stem for path in FOLDER.iterdir() if path.suffix in {".json", ".raw"}}


def rows_of(case: dict[str, Any]) -> dict[str, list[str]]:
    """Return what a case says of the rows."""
    return {kind: lines for kind, lines in case.items() if kind not in WORDS}
