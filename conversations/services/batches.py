"""Work on what one worker holds: read, route, apply, settle."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from conversations.services import applying, routing
from conversations.services.applying import Session, TenantUnavailableError
from conversations.services.routing import Parcel, Plan, Target
from conversations.services.sessions import Sessions
from tenants.crashing import crash_point
from whatsapp import payloads
from whatsapp.payloads import Sender, Unit, Unreadable
from whatsapp.webhooks.services import deliveries, parking
from whatsapp.webhooks.types import Batch, Counts, Delivery, Fate, Park, Replay

# A delivery that so many workers died of is not looked into again before somebody asks for it.
DEATHS_MAX = 3
_ORDER = tuple(Fate)
# So many tenants in a batch are worth more sessions than one: while one waits for its answers, the
# others are worked for.
MANY_TENANTS, SIDE_BY_SIDE = 8, 3
Place = tuple[int, int]  # delivery and index of a unit
Group = tuple[Target, list[Parcel]]


@dataclass(slots=True)
class Done:
    """What is to be told after the commit, and what has to wait."""

    seqs: dict[str, int] = field(default_factory=dict)  # the last change number by schema
    settled: set[tuple[str, int]] = field(default_factory=set)  # schema and phone
    followed: set[str] = field(default_factory=set)  # schemas whose changes somebody waits for
    files: set[str] = field(default_factory=set)  # schemas that have files to fetch
    named: dict[str, dict[int, Sender]] = field(default_factory=dict)  # by schema and message
    skipped: set[int] = field(default_factory=set)  # deliveries that stay as they were

    def add(self, other: "Done") -> None:
        """Take in what was done of other tenants."""
        self.seqs |= other.seqs
        self.settled |= other.settled
        self.followed |= other.followed
        self.files |= other.files
        self.named |= other.named
        self.skipped |= other.skipped


def work_on(opened: Sessions, batch: Batch) -> Done:
    """Apply a batch, settle it and commit; the locks are free afterwards.

    Killed anywhere, it is done again without a double: a tenant's rows are found by their keys.
    """
    units = {delivery.id: _read(delivery) for delivery in batch.deliveries}
    chosen, stale = _choose(batch, units)
    plan = routing.plan(opened.claims, chosen)
    if batch.replays:
        _narrow(plan, batch.replays)
    crash_point("worker.claimed")
    done = _apply(opened, plan)
    with opened.claims.pipeline():
        if batch.replays:
            _settle_replays(opened, batch.replays, stale, plan, done)
            deliveries.forget(opened.claims, [batch.note_id])
        else:
            counts = _settle(opened, units, plan, done)
            _count_known(batch, counts)
            deliveries.settle(opened.claims, counts, note_id=batch.note_id)
        crash_point("worker.before_settled")
        opened.claims.execute("COMMIT", prepare=False)
    crash_point("worker.after_settled")
    return done


def _read(delivery: Delivery) -> list[Unit]:
    if delivery.attempts >= DEATHS_MAX:
        return [Unreadable(0, "WorkerDied")]
    return payloads.parse(delivery.body, received_at=delivery.received_at)


def _choose(
    batch: Batch, units: dict[int, list[Unit]]
) -> tuple[list[tuple[Delivery, Unit]], set[int]]:
    """Return the units to work on, and the deliveries whose units are others than when parked."""
    if not batch.replays:
        fresh = [one for one in batch.deliveries if not one.is_known]
        return [(one, unit) for one in fresh for unit in units[one.id]], set()
    stale = {one.id for one in batch.deliveries if one.units_total != len(units[one.id])}
    by_id = {delivery.id: delivery for delivery in batch.deliveries}
    wanted = {(one.delivery_id, one.unit_index): one.routed_to for one in batch.replays}
    chosen = [
        (by_id[delivery_id], _routed(units[delivery_id][index], number))
        for (delivery_id, index), number in sorted(wanted.items())
        if delivery_id not in stale
    ]
    return chosen, stale


def _routed(unit: Unit, phone_number_id: str) -> Unit:
    """Take a unit for another number's, where somebody decided so."""
    if not phone_number_id or isinstance(unit, Unreadable):
        return unit
    return replace(unit, phone_number_id=phone_number_id)


def _narrow(plan: Plan, replays: list[Replay]) -> None:
    """Keep only what is for the tenants that the units were parked for."""
    wanted: dict[Place, set[object]] = defaultdict(set)
    for one in replays:
        wanted[one.delivery_id, one.unit_index].add(one.tenant_id)
    for target, parcels in list(plan.groups.items()):
        plan.groups[target] = [
            parcel
            for parcel in parcels
            if wanted[parcel.delivery_id, parcel.unit.index] & {None, target.tenant_id}
        ]
    plan.parks = [
        park
        for park in plan.parks
        if park.tenant_id is None
        or wanted[park.delivery_id, park.unit_index] & {None, park.tenant_id}
    ]


def _apply(opened: Sessions, plan: Plan) -> Done:
    """Apply each tenant's part; those of many tenants side by side.

    Each statement of a small part takes longer on its way than at its work.
    """
    groups = list(plan.groups.items())
    if len(groups) < MANY_TENANTS:
        return _apply_groups(opened.work, groups)
    shares: list[list[Group]] = [[] for _ in range(SIDE_BY_SIDE)]
    for group in groups:
        # A tenant's statements are prepared in one of the sessions only.
        shares[group[0].tenant_id.int % SIDE_BY_SIDE].append(group)
    works = opened.works(SIDE_BY_SIDE)
    # The block ends when all do, however: nothing is settled or given up while one still writes.
    with ThreadPoolExecutor(SIDE_BY_SIDE - 1, thread_name_prefix="apply") as beside:
        others = [
            beside.submit(_apply_groups, work, share)
            for work, share in zip(works[1:], shares[1:], strict=True)
        ]
        done = _apply_groups(works[0], shares[0])
    for other in others:
        done.add(other.result())
    return done


def _apply_groups(work: Session, groups: list[Group]) -> Done:
    done = Done()
    for target, parcels in groups:
        try:
            applied = applying.apply(work, target, parcels)
        except TenantUnavailableError:
            done.skipped.update(parcel.delivery_id for parcel in parcels)
            continue
        if applied.seq is not None:
            done.seqs[target.schema_name] = applied.seq
        if applied.is_followed:
            done.followed.add(target.schema_name)
        if applied.has_files:
            done.files.add(target.schema_name)
        if applied.named:
            done.named[target.schema_name] = applied.named
        done.settled.update((target.schema_name, phone) for phone in applied.settled_phones)
    return done


def _fates(plan: Plan) -> dict[Place, Fate]:
    """Return each unit's one fate: of several tenants' the first in the order."""
    fates: dict[Place, Fate] = {}
    for place, fate in _all_fates(plan):
        known = fates.get(place)
        if known is None or _ORDER.index(fate) < _ORDER.index(known):
            fates[place] = fate
    return fates


def _all_fates(plan: Plan) -> Iterator[tuple[Place, Fate]]:
    for park in plan.parks:
        yield (park.delivery_id, park.unit_index), Fate.PARKED
    for parcels in plan.groups.values():
        for parcel in parcels:
            if parcel.fate is not None:
                yield (parcel.delivery_id, parcel.unit.index), parcel.fate


def _parks(plan: Plan, skipped: set[int]) -> list[Park]:
    """Return everything that is to be parked, of deliveries that are settled now."""
    parks = plan.parks + [
        routing.park_of(parcel, target)
        for target, parcels in plan.groups.items()
        for parcel in parcels
        if parcel.fate is Fate.PARKED
    ]
    return [park for park in parks if park.delivery_id not in skipped]


def _settle(
    opened: Sessions, units: dict[int, list[Unit]], plan: Plan, done: Done
) -> dict[int, Counts]:
    """Park what has to be; return the counts of the deliveries that are done."""
    counts = {
        delivery_id: Counts(total=len(read))
        for delivery_id, read in units.items()
        if delivery_id not in done.skipped
    }
    for (delivery_id, _), fate in _fates(plan).items():
        if delivery_id in counts:
            counts[delivery_id].by_fate[fate] += 1
    parks = _parks(plan, done.skipped)
    if parks:
        parking.park(opened.claims, parks)
    return counts


def _count_known(batch: Batch, counts: dict[int, Counts]) -> None:
    """What was done with, and forgotten, before is not done again: every unit is a repeat."""
    for delivery in batch.deliveries:
        if delivery.is_known:
            counts[delivery.id].by_fate[Fate.DUPLICATE] = counts[delivery.id].total


def _settle_replays(
    opened: Sessions, replays: list[Replay], stale: set[int], plan: Plan, done: Done
) -> None:
    parks = _parks(plan, done.skipped)
    again = {(park.delivery_id, park.unit_index, park.tenant_id) for park in parks}
    fates = _fates(plan)
    if parks:
        parking.park(opened.claims, parks)
    parking.redo(opened.claims, [one for one in replays if one.delivery_id in stale])
    for one in _settled(replays, stale | done.skipped):
        if (one.delivery_id, one.unit_index, one.tenant_id) not in again:
            fate = fates.get((one.delivery_id, one.unit_index))
            if fate is None:  # its number belongs to another tenant now
                parking.lose(opened.claims, one)
            else:
                parking.resolve(opened.claims, one, fate)


def _settled(replays: Iterable[Replay], others: set[int]) -> list[Replay]:
    return [one for one in replays if one.delivery_id not in others]
