"""What the soak counts at its end: lost, doubled, misplaced, fallen; each has to be none."""

from collections import Counter
from dataclasses import dataclass, field

from conversations.models import Message
from tenants import context
from tenants.models import Tenant
from tests.faults.invariants import assert_invariants
from tests.faults.soak.traffic import Traffic
from whatsapp.simulator.chats import INBOUND

RANKS = {"sent": 30, "failed": 35, "delivered": 40, "read": 50}


@dataclass(slots=True)
class Verdict:
    """What went wrong, by kind, each with what shows it."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    fallen: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # any other promise
    inbound: int = 0
    outbound: int = 0
    statuses: int = 0
    ends: Counter[str] = field(default_factory=Counter)  # of outbound messages

    @property
    def good(self) -> bool:
        """Say whether nothing went wrong."""
        return not (self.lost or self.doubled or self.misplaced or self.fallen or self.broken)

    def lines(self) -> list[str]:
        """Return what a person should read."""
        shown = [
            f"{self.inbound:,} messages in, {self.outbound:,} out, {self.statuses:,} statuses",
            f"ends      {', '.join(f'{word} {count:,}' for word, count in self.ends.items())}",
        ]
        for name in ("lost", "doubled", "misplaced", "fallen", "broken"):
            found = getattr(self, name)
            shown.append(f"{name:<9} {len(found)}")
            shown += [f"          {one}" for one in found[:10]]
        return shown


@dataclass(slots=True)
class _Row:
    id: int
    text: str
    status: str
    rank: int
    place: str  # phone_number_id/wa_id


Stored = dict[str, dict[str, list[_Row]]]  # by subdomain and direction


def judge(traffic: Traffic) -> Verdict:
    """Compare what customers, clients and Meta saw with what is stored. Needs Django set up."""
    found = Verdict()
    found.broken += traffic.problems
    _invariants(traffic, found)
    world = traffic.simulator.engine.world
    reached = {m.text: m for m in world.accepted}
    for text, count in Counter(m.text for m in world.accepted).items():
        if count > 1:
            found.doubled.append(f"sent {count} times: {text}")
    rows = {name: _rows(name) for name in sorted({n.subdomain for n in traffic.numbers})}
    _judge_inbound(traffic, rows, found)
    for name, owned in rows.items():
        _judge_outbound(name, owned["OUTBOUND"], traffic, reached, found)
    _judge_order(traffic, rows, found)
    return found


def _invariants(traffic: Traffic, found: Verdict) -> None:
    acknowledged: dict[str, list[str]] = {n.subdomain: [] for n in traffic.numbers}
    for wamid, chat in traffic.written.items():
        acknowledged[chat.number.subdomain].append(wamid)
    sent = list(traffic.simulator.engine.world.callback_data.elements())
    try:
        assert_invariants(acknowledged=acknowledged, sent=sent)
    except AssertionError as error:
        found.broken.append(str(error) or "an invariant")


def _rows(subdomain: str) -> dict[str, list[_Row]]:
    with context.platform():
        tenant = Tenant.objects.get(subdomain=subdomain)
    with context.tenant(tenant.schema_name):
        rows: dict[str, list[_Row]] = {"INBOUND": [], "OUTBOUND": []}
        known = Message.objects.filter(conversation__contact__identities__kind="WA_ID")
        values = known.order_by("pk").values_list(
            *("pk", "text", "status", "rank", "direction", "phone__phone_number_id"),
            "conversation__contact__identities__value",
        )
        for pk, text, status, rank, direction, phone_number_id, wa_id in values:
            row = _Row(pk, text, status, rank, f"{phone_number_id}/{wa_id}")
            rows[direction].append(row)
        return rows


def _judge_inbound(traffic: Traffic, rows: Stored, found: Verdict) -> None:
    seen = Counter(row.text for owned in rows.values() for row in owned["INBOUND"])
    wanted = [
        message.text
        for chat in traffic.simulator.engine.world.chats.values()
        for message in chat.messages
        if message.direction == INBOUND
    ]
    found.inbound = len(wanted)
    found.lost += [f"a customer's {text}" for text in wanted if not seen[text]]
    found.doubled += [f"a customer's {text}" for text, count in seen.items() if count > 1]
    for name, owned in rows.items():
        own = {n.phone_number_id for n in traffic.numbers if n.subdomain == name}
        for row in [*owned["INBOUND"], *owned["OUTBOUND"]]:
            if not row.text.startswith(row.place + "/") or row.text.split("/")[0] not in own:
                found.misplaced.append(f"{name} has {row.text} in {row.place}")


def _judge_outbound(name, rows, traffic: Traffic, reached, found: Verdict) -> None:
    stored = Counter(row.text for row in rows)
    found.outbound += len(rows)
    found.doubled += [f"queued twice: {text}" for text, count in stored.items() if count > 1]
    for text in traffic.promised:
        if traffic.asked[text].number.subdomain == name and not stored[text]:
            found.lost.append(f"promised to a client of {name}: {text}")
    for row in rows:
        found.ends[row.status] += 1
        message = reached.get(row.text)
        if message is None:
            if row.status not in {"UNCONFIRMED", "FAILED"}:
                found.lost.append(f"{row.status}, but Meta never got it: {row.text}")
            continue
        found.statuses += len(message.statuses)
        highest = max((RANKS[one.name] for one in message.statuses), default=0)
        if row.rank < highest:
            found.fallen.append(f"{row.status}, though {message.reached} was told: {row.text}")


def _judge_order(traffic: Traffic, rows, found: Verdict) -> None:
    """In a chat the customer sees our messages in the order in which they were queued."""
    places = {row.text: row.id for owned in rows.values() for row in owned["OUTBOUND"]}
    for chat in traffic.simulator.engine.world.chats.values():
        sent = [places.get(m.text, 0) for m in chat.messages if m.direction != INBOUND]
        if sent != sorted(sent):
            found.broken.append(f"out of order: {chat.lane}")
