"""What passes between the claim of deliveries and those who work on them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Fate(StrEnum):
    """What became of a unit; of several fates (one for each tenant) the first here counts."""

    PARKED = "PARKED"
    STORED = "STORED"
    PLACEHOLDER = "PLACEHOLDER"  # kept, but not understood
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body that a worker holds."""

    id: int
    app_id: int
    received_at: datetime
    attempts: int  # how many workers died with it in their hands
    units_total: int  # 0 before it was processed
    body: bytes
    is_known: bool = False  # the same body was done with, and forgotten, before


@dataclass(frozen=True, slots=True)
class Route:
    """Where a number's events go."""

    phone_number_id: str
    waba_id: str
    digits: str  # of the number as shown
    app_id: int
    tenant_id: UUID
    schema_name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Park:
    """A unit that could not be applied, for one tenant or for nobody known."""

    delivery_id: int
    unit_index: int
    reason: str  # ParkedUnit.Reason
    error: str  # a class and a code, never content
    field: str = ""
    phone_number_id: str = ""
    tenant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A parked unit that is to be tried again."""

    id: int
    delivery_id: int
    unit_index: int
    tenant_id: UUID | None
    routed_to: str = ""  # a phone_number_id that stands for the unit's own


@dataclass(frozen=True, slots=True)
class Batch:
    """What one worker holds: new deliveries, or parked units with the deliveries they are in."""

    deliveries: list[Delivery] = field(default_factory=list)
    replays: list[Replay] = field(default_factory=list)
    note_id: int = 0  # of the note that tells the others about it
    is_full: bool = False  # there may be more than it could hold


@dataclass(slots=True)
class Counts:
    """A delivery's units by fate."""

    total: int
    by_fate: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
