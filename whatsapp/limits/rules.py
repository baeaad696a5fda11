"""Small rules that limits are put together from: each names what is wrong, and where."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from whatsapp.errors.meanings import gettext_noop as _

Step = str | int
Path = tuple[Step, ...]
_URL = re.compile(r"https?://[^\s/?#]+\.[^\s]+|https?://localhost[^\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that Meta would refuse. ``sentence`` is English with ``values`` left out."""

    path: Path
    code: str
    sentence: str
    values: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def pointer(self) -> str:
        """The place in the body as a JSON pointer (RFC 6901)."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in self.path)
        return "".join(f"/{step}" for step in steps)


Rule = Callable[[Any, Path], Iterator[Violation]]


def text(most: int, *, least: int = 1) -> Rule:
    """Allow a text of so many characters; one of blanks alone counts as empty."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, str):
            yield Violation(path, "invalid", _("This has to be a text."))
        elif least and not value.strip():
            yield Violation(path, "blank", _("This may not be empty."))
        elif len(value) > most:
            sentence = _("This can have %(most)s characters at most; it has %(count)s.")
            yield Violation(path, "max_length", sentence, {"most": most, "count": len(value)})

    return check


def word(*known: str) -> Rule:
    """Allow one of the known words."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, str) or value not in known:
            sentence = _("This has to be one of: %(known)s.")
            yield Violation(path, "invalid_choice", sentence, {"known": ", ".join(known)})

    return check


def matching(pattern: re.Pattern[str], sentence: str) -> Rule:
    """Allow a text of the pattern, whole."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield Violation(path, "invalid", sentence)

    return check


def url(most: int = 2000) -> Rule:
    """Allow a web address."""
    return both(text(most), matching(_URL, _("This has to be a web address (https://...).")))


def boolean(value: Any, path: Path) -> Iterator[Violation]:
    """Allow true and false."""
    if not isinstance(value, bool):
        yield Violation(path, "invalid", _("This has to be true or false."))


def members(
    required: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
    *,
    then: Rule | None = None,
) -> Rule:
    """Allow an object of these members and no others; ``then`` looks at one that is well formed."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield Violation(path, "invalid", _("This has to be an object."))
            return
        found = [Violation((*path, name), "unknown", UNKNOWN) for name in value.keys() - known]
        found += [
            Violation((*path, name), "required", REQUIRED) for name in required if name not in value
        ]
        for name in known:
            if name in value:
                found += known[name](value[name], (*path, name))
        yield from found
        if then is not None and not found:
            yield from then(value, path)

    return check


def items(rule: Rule, *, most: int, least: int = 1) -> Rule:
    """Allow a list of so many, each of which keeps the rule."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, list):
            yield Violation(path, "invalid", _("This has to be a list."))
            return
        yield from counted(len(value), path, least=least, most=most)
        for index, item in enumerate(value[: most + 1]):
            yield from rule(item, (*path, index))

    return check


def counted(count: int, path: Path, *, most: int, least: int = 1) -> Iterator[Violation]:
    """Name a number of things that is too small or too large."""
    if count < least:
        sentence = _("At least %(least)s needed here.")
        yield Violation(path, "min_items", sentence, {"least": least})
    if count > most:
        sentence = _("No more than %(most)s possible here; there are %(count)s.")
        yield Violation(path, "max_items", sentence, {"most": most, "count": count})


def unique(places: Iterable[tuple[Path, Hashable]]) -> Iterator[Violation]:
    """Name each value that stood somewhere before."""
    seen = set()
    for path, value in places:
        if value in seen:
            yield Violation(path, "duplicate", _("This stands here twice; it has to be unique."))
        seen.add(value)


def both(first: Rule, second: Rule) -> Rule:
    """Allow what the second rule allows, if the first does."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        found = list(first(value, path))
        yield from found or second(value, path)

    return check


def exactly_one(*names: str) -> Rule:
    """Allow an object with one of the members, and not two."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if sum(name in value for name in names) != 1:
            sentence = _("Exactly one of these is needed: %(known)s.")
            yield Violation(path, "exactly_one", sentence, {"known": ", ".join(names)})

    return check


REQUIRED = _("This is missing.")
UNKNOWN = _("There is no such member here.")
