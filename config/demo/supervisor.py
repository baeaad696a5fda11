"""Watch the demo's processes: report one that ends, start it again, stop them all in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.demo import process
from config.demo.errors import DemoError

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# One that lived this long was well: its next end is a first one again.
STEADY_SECONDS = 60.0


@dataclass(slots=True)
class _Watched:
    child: process.Child
    failures: int = 0
    started_at: float = 0.0
    due_at: float | None = None  # when to start it again; None: it is taken to run


class Supervisor:
    """The processes of one demo. Times are those of a monotonic clock, passed in."""

    def __init__(self, say: Callable[[str], None], *, restarted: Callable[[], None]) -> None:
        self._say = say
        self._restarted = restarted
        self._watched: list[_Watched] = []

    def adopt(self, children: Sequence[process.Child], *, now: float) -> None:
        """Watch processes that run already."""
        self._watched += [_Watched(child, started_at=now) for child in children]

    def start(self, children: Sequence[process.Child], *, now: float) -> None:
        """Start processes, and watch them from now on."""
        for child in children:
            child.start()
        self.adopt(children, now=now)

    def tick(self, now: float) -> None:
        """Notice what ended, and start again what is due."""
        for watched in self._watched:
            if watched.due_at is None and not watched.child.alive():
                self._note_end(watched, now)
            elif watched.due_at is not None and now >= watched.due_at:
                self._start_again(watched, now)

    def children(self) -> list[process.Child]:
        """Return everything that is watched."""
        return [watched.child for watched in self._watched]

    def unsettled(self, now: float, seconds: float) -> list[str]:
        """Name what has not been running for this long."""
        return [
            watched.child.name
            for watched in self._watched
            if watched.due_at is not None
            or not watched.child.alive()
            or now - watched.started_at < seconds
        ]

    def failures(self, name: str) -> int:
        """Return how often in a row this process ended soon after its start."""
        return sum(watched.failures for watched in self._watched if watched.child.name == name)

    def stop(self, *, hurry: Callable[[], bool]) -> None:
        """Stop every process in the order of starting, each with its grace unless in a hurry."""
        for watched in self._watched:
            watched.child.stop(hurry=hurry)
        self._watched.clear()

    def _note_end(self, watched: _Watched, now: float) -> None:
        child = watched.child
        child.kill()  # what it started itself ends with it
        if now - watched.started_at > STEADY_SECONDS:
            watched.failures = 0
        watched.failures += 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (watched.failures - 1), LONGEST_PAUSE_SECONDS)
        watched.due_at = now + pause
        self._say(
            f"{child.name} stopped ({child.ended_how()}): starting it again in {pause:.0f} s,"
            f" see {child.log}"
        )

    def _start_again(self, watched: _Watched, now: float) -> None:
        watched.due_at, watched.started_at = None, now
        try:
            watched.child.start()
        except DemoError as error:  # no memory, say: the next tick counts it as another end
            self._say(str(error))
            return
        self._restarted()
        self._say(f"{watched.child.name} runs again")
