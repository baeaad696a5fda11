"""Who stands on a list, whatever it came as, with what fills the template."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from conversations.models import Broadcast, BroadcastSource, ContactIdentity
from conversations.services.broadcasts import choosing, mapping, reading
from conversations.services.broadcasts.reading import Line

Kind = BroadcastSource.Kind
WA_ID, BSUID = ContactIdentity.Kind.WA_ID, ContactIdentity.Kind.BSUID


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on a list, before anything of it was checked."""

    position: int
    address: str
    kind: str
    values: Mapping[str, str]
    is_misaligned: bool = False


def entries(broadcast: Broadcast, source: BroadcastSource, *, now: datetime) -> Iterator[Entry]:
    """Yield a list's entries in its order.

    Raises: ListUnreadableError, TooManyChosenError, both also midway.
    """
    body = bytes(source.body)
    if source.kind == Kind.FILE:
        return _of_lines(broadcast, reading.read(body), _number_column(broadcast, body))
    if source.kind == Kind.CONTACTS:
        return _of_people(broadcast, choosing.read(choosing.choice_of(body), now=now))
    return _of_list(broadcast, body)


def _number_column(broadcast: Broadcast, body: bytes) -> str:
    return broadcast.number_column or reading.head(body).number_column


def _of_lines(broadcast: Broadcast, lines: Iterator[Line], number: str) -> Iterator[Entry]:
    for place, line in enumerate(lines, start=1):
        address = line.cells.get(number, "")
        values = mapping.filled(broadcast.values, line.cells)
        yield Entry(place, address, WA_ID, values, line.is_misaligned)


def _of_people(broadcast: Broadcast, people: Iterator[Line]) -> Iterator[Entry]:
    for line in people:
        address = line.cells[choosing.NUMBER]
        kind = WA_ID if address.startswith("+") else BSUID
        yield Entry(line.number, address, kind, mapping.filled(broadcast.values, line.cells))


def _of_list(broadcast: Broadcast, body: bytes) -> Iterator[Entry]:
    for_all = mapping.filled(broadcast.values, {})
    for place, one in enumerate(json.loads(body), start=1):
        yield Entry(place, one["to"], WA_ID, {**for_all, **one["values"]})
