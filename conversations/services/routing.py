"""Send every unit to the tenant that it is for, or say why it cannot go anywhere."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from whatsapp.payloads import (
    AccountEvent,
    InboundMessage,
    MessageMark,
    StatusUpdate,
    Unit,
    Unreadable,
)
from whatsapp.webhooks.models import ParkedUnit
from whatsapp.webhooks.services import routes
from whatsapp.webhooks.types import Delivery, Fate, Park, Route

Reason = ParkedUnit.Reason
_NOT_DIGITS = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Target:
    """A tenant that events are for."""

    tenant_id: UUID
    schema_name: str


@dataclass(slots=True)
class Parcel:
    """One unit on its way to one tenant, and what became of it there."""

    delivery_id: int
    unit: InboundMessage | MessageMark | StatusUpdate | AccountEvent
    fate: Fate | None = None
    reason: str = ""  # of parking
    error: str = ""

    def park(self, reason: str, error: str) -> None:
        self.fate, self.reason, self.error = Fate.PARKED, reason, error[:200]

    @property
    def is_received(self) -> bool:
        """Whether it is a customer's message that was not there before."""
        is_message = isinstance(self.unit, InboundMessage) and not self.unit.is_echo
        return is_message and self.fate in {Fate.STORED, Fate.PLACEHOLDER}


@dataclass(slots=True)
class Plan:
    """A batch, sorted by tenant."""

    groups: dict[Target, list[Parcel]] = field(default_factory=dict)
    parks: list[Park] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Map:
    by_number: dict[str, Route]
    by_account: list[Route]

    def of_event(self, event: AccountEvent, app_id: int) -> list[Route]:
        """Return the routes of an event's account, else of the number that it shows."""
        ours = [route for route in self.by_account if route.app_id == app_id]
        accounts = [route for route in ours if route.waba_id == event.waba_id]
        shown = _digits(event)  # none is no number, also where a route shows none either
        return accounts or [route for route in ours if shown and route.digits == shown]


def plan(session: psycopg.Connection[Any], units: Iterable[tuple[Delivery, Unit]]) -> Plan:
    """Route each unit by its own number, and only through the app that the number belongs to.

    What one tenant's app says about another tenant's number goes nowhere: it is parked.
    """
    listed = list(units)
    found = _look_up(session, [unit for _, unit in listed])
    made = Plan()
    for delivery, unit in listed:
        if isinstance(unit, Unreadable):
            made.parks.append(_park(delivery.id, unit, Reason.QUARANTINED, unit.error))
        else:
            _send(made, found, delivery, unit)
    return made


def _look_up(session: psycopg.Connection[Any], units: list[Unit]) -> _Map:
    numbers = {unit.phone_number_id for unit in units if not isinstance(unit, Unreadable)} - {""}
    events = [unit for unit in units if isinstance(unit, AccountEvent) and not unit.phone_number_id]
    by_account: list[Route] = []
    if events:
        accounts, digits = {event.waba_id for event in events}, {_digits(event) for event in events}
        by_account = routes.by_account(session, accounts - {""}, digits - {""})
    return _Map(routes.by_number(session, numbers) if numbers else {}, by_account)


def _digits(event: AccountEvent) -> str:
    return _NOT_DIGITS.sub("", event.display_phone_number)


def _send(
    made: Plan,
    found: _Map,
    delivery: Delivery,
    unit: InboundMessage | MessageMark | StatusUpdate | AccountEvent,
) -> None:
    if unit.phone_number_id or not isinstance(unit, AccountEvent):
        route = found.by_number.get(unit.phone_number_id)
        owned = [route] if route is not None and route.app_id == delivery.app_id else []
    else:
        owned = found.of_event(unit, delivery.app_id)
    if not owned:
        made.parks.append(_park(delivery.id, unit, Reason.UNROUTED, "NoRoute"))
    for route in {route.tenant_id: route for route in owned}.values():
        if route.is_active:
            target = Target(route.tenant_id, route.schema_name)
            made.groups.setdefault(target, []).append(Parcel(delivery.id, unit))
        else:
            made.parks.append(_park(delivery.id, unit, Reason.HELD, "NotActive", route.tenant_id))


def park_of(parcel: Parcel, target: Target) -> Park:
    """Return how a parcel that its tenant could not take is parked."""
    return _park(parcel.delivery_id, parcel.unit, parcel.reason, parcel.error, target.tenant_id)


def _park(
    delivery_id: int, unit: Unit, reason: str, error: str, tenant_id: UUID | None = None
) -> Park:
    return Park(
        delivery_id=delivery_id,
        unit_index=unit.index,
        reason=reason,
        error=error,
        field=unit.field,
        phone_number_id=unit.phone_number_id,
        tenant_id=tenant_id,
    )
