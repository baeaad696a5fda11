"""The sample files that templates with a file as header are handed in with.

Whoever makes one names an upload of ours (``example.media``). Nothing here calls Meta: ``sampling``
puts Meta's handles in their place, in a task.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_noop as _

from tenants.permissions import Actor
from whatsapp.models import MediaFile
from whatsapp.rendering import Problem
from whatsapp.rendering.lint_words import items_of

# What Meta takes as a sample of each format.
TYPES = {
    "IMAGE": frozenset({"image/jpeg", "image/png"}),
    "VIDEO": frozenset({"video/mp4"}),
    "GIF": frozenset({"video/mp4"}),
    "DOCUMENT": frozenset({"application/pdf"}),
}
Place = tuple[str, ...]


def problems(*, actor: Actor, components: list[Any]) -> list[Problem]:
    """Return which samples are no files of the actor's, or of the wrong kind."""
    found = []
    for place, header in named(components, ("components",)):
        example = header["example"]
        file = MediaFile.objects.filter(
            pk=example["media"], author=actor.user, state=MediaFile.State.STORED
        ).first()
        here, shape = (*place, "example", "media"), str(header.get("format", "")).upper()
        if file is None:
            found.append(Problem(here, "not_found", _("There is no such upload of yours.")))
        elif file.mime_type not in TYPES.get(shape, ()):
            known = {"known": ", ".join(sorted(TYPES.get(shape, ())))}
            found.append(Problem(here, "file_kind", _("One of %(known)s."), known))
    return found


def named(components: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Find the headers, in cards as well, whose sample is an upload of ours."""
    for index, part in enumerate(items_of(components)):
        if not isinstance(part, dict):
            continue
        here, example = (*place, str(index)), part.get("example")
        is_header = str(part.get("type", "")).upper() == "HEADER"
        if is_header and isinstance(example, dict) and isinstance(example.get("media"), int):
            yield here, part
        for at, card in enumerate(items_of(part.get("cards"))):
            if isinstance(card, dict):
                inner = (*here, "cards", str(at), "components")
                yield from named(card.get("components"), inner)
