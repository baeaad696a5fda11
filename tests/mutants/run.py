"""Take each safeguard away in a copy of the project, and expect its tests to go red.

``make mutants``, or ``make mutants ONLY="rank lease"`` for those whose names hold one of the words.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import patching
from tests.mutants.patching import Mutant, PatchError

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
RED, GREEN = 1, 0  # pytest's exit codes
LIMIT_SECONDS = 600
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
SIDE_BY_SIDE = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant."""

    mutant: Mutant
    caught: bool
    seconds: float
    word: str
    output: str = ""


def main() -> None:
    """Run and report; the exit code is 1 when a mutant survived."""
    options = _options()
    chosen = [one for one in patching.mutants() if _is_meant(one, options.only)]
    if not chosen:
        sys.exit("No mutant has such a name.")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        _check_green(Path(folder), chosen)
        with ThreadPoolExecutor(options.side_by_side) as pool:
            verdicts = [
                _told(one) for one in pool.map(lambda one: _judge(Path(folder), one), chosen)
            ]
    survivors = [one for one in verdicts if not one.caught]
    _say(f"\n{len(verdicts) - len(survivors)} of {len(verdicts)} mutants were caught.")
    for one in survivors:
        _say(f"\n== {one.mutant.name}: {one.word}\n{one.output[-3000:]}")
    sys.exit(1 if survivors else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="words of names; all when there are none")
    parser.add_argument("--side-by-side", type=int, default=SIDE_BY_SIDE)
    return parser.parse_args()


def _is_meant(mutant: Mutant, words: Sequence[str]) -> bool:
    return not words or any(word in mutant.name for word in words)


def _check_green(folder: Path, chosen: Iterable[Mutant]) -> None:
    """A test that is red anyway proves nothing."""
    tests = sorted({test for one in chosen for test in one.tests})
    done = _pytest(_copy(folder, "unchanged"), tests, stop_at_first=False)
    if done.returncode != GREEN:
        sys.exit(f"Not green without any change:\n{done.stdout[-6000:]}")
    _say(f"{len(tests)} tests and modules are green as the code stands.")


def _judge(folder: Path, mutant: Mutant) -> Verdict:
    began = time.monotonic()
    copy = _copy(folder, mutant.name)
    try:
        patching.apply(mutant, copy)
        done = _pytest(copy, mutant.tests, stop_at_first=True)
    except PatchError as error:
        return Verdict(mutant, caught=False, seconds=0.0, word=str(error))
    except subprocess.TimeoutExpired:
        return Verdict(mutant, caught=True, seconds=LIMIT_SECONDS, word="red: it hung")
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    seconds = time.monotonic() - began
    return Verdict(mutant, done.returncode == RED, seconds, _word(done), done.stdout)


def _word(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == GREEN:
        return "SURVIVED: every test stayed green"
    if done.returncode != RED:
        return f"pytest ended with {done.returncode}"
    failed = _FAILED.search(done.stdout)
    return f"red: {failed[1]}" if failed else "red"


def _copy(folder: Path, name: str) -> Path:
    copy = folder / name
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return copy


def _pytest(
    copy: Path, tests: Sequence[str], *, stop_at_first: bool
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return subprocess.run(
        [*command, *(["-x"] if stop_at_first else []), *tests],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def _told(verdict: Verdict) -> Verdict:
    _say(f"{verdict.seconds:6.1f} s  {verdict.mutant.name:<44} {verdict.word}")
    return verdict


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
