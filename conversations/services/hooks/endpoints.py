"""The addresses that a tenant has told: made, changed, tried and removed by its admins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conversations.models import HookDelivery, HookEndpoint, HookEvent, HookRelay
from conversations.services.hooks import relaying, signing
from tenants import audit, context, egress, queue, secrets
from tenants.errors import DomainError
from tenants.feed import selectors as feed
from tenants.feed.models import Counter
from tenants.models import Tenant
from tenants.permissions import Actor, Permission
from tenants.services import letters, links

ENDPOINTS_MAX = 10
# How long the secret before signs as well.
ROTATION = timedelta(days=1)
TASK = "conversations.tasks.deliver_hooks"
_TABLE = "conversations_hookendpoint"


class TooManyEndpointsError(DomainError):
    code = "too_many_endpoints"
    http_status = 409
    message = _("There are ten addresses already: remove one of them first.")


class EndpointDisabledError(DomainError):
    code = "endpoint_disabled"
    http_status = 409
    message = _("This address is switched off: switch it on first.")


class StillWaitsError(DomainError):
    code = "still_waits"
    http_status = 409
    message = _("This one is still on its way: it is tried again by itself.")


def create(
    *, actor: Actor, url: str, events: Sequence[str], description: str = ""
) -> tuple[HookEndpoint, str]:
    """Tell an address from now on; return it with its secret, which is shown this once.

    Raises: ForbiddenError, TooManyEndpointsError, AddressRefusedError.
    """
    actor.require(Permission.MANAGE_WEBHOOKS)
    egress.check(url)
    secret = signing.new_secret()
    with transaction.atomic():
        _take_turns()
        if HookEndpoint.objects.count() >= ENDPOINTS_MAX:
            raise TooManyEndpointsError
        endpoint = HookEndpoint.objects.create(
            url=url,
            events=_ordered(events),
            description=description,
            secret_sealed=_sealed(actor.tenant, secret),
            since_seq=_begin(),
            author=actor.user,
        )
        _note(actor, endpoint, "webhook.created", {"events": endpoint.events})
        _follow()
    return endpoint, secret


def change(
    *,
    actor: Actor,
    endpoint: HookEndpoint,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> HookEndpoint:
    """Change what is given. What waits for an address goes on when it is switched on again.

    What happens while it is switched off is not told. Raises: ForbiddenError, AddressRefusedError.
    """
    actor.require(Permission.MANAGE_WEBHOOKS)
    if url is not None:
        egress.check(url)
    with transaction.atomic():
        _take_turns()
        # Rival: whoever settles a delivery, and switches it off by what came back.
        row = HookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        row.url = row.url if url is None else url
        row.events = row.events if events is None else _ordered(events)
        row.description = row.description if description is None else description
        if is_enabled and not row.is_enabled:
            row.since_seq = _begin()
            row.is_enabled, row.disabled_reason = True, ""
            row.failures, row.failing_since, row.rest_until = 0, None, None
        elif is_enabled is False and row.is_enabled:
            row.is_enabled, row.disabled_reason = False, HookEndpoint.Reason.PERSON
        row.save()
        state = {"events": row.events, "is_enabled": row.is_enabled}
        _note(actor, row, "webhook.changed", {**state, "url_changed": url is not None})
        _follow()
    if row.is_enabled:
        queue.enqueue(TASK, endpoint_id=row.pk)
    return row


def hold(endpoint_id: int) -> None:
    """Let nobody else change an address before the caller's transaction has ended.

    In the order of the other writers: whoever settles its deliveries locks its row.
    """
    _take_turns()
    HookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()


def rotate(*, actor: Actor, endpoint: HookEndpoint, now: datetime) -> str:
    """Make a new secret and return it, this once; the one before signs as well for a day more.

    Raises: ForbiddenError.
    """
    actor.require(Permission.MANAGE_WEBHOOKS)
    secret = signing.new_secret()
    with transaction.atomic():
        row = HookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        row.previous_secret_sealed, row.previous_until = row.secret_sealed, now + ROTATION
        row.secret_sealed = _sealed(actor.tenant, secret)
        row.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_until"])
        _note(actor, row, "webhook.secret_rotated", {})
    return secret


def remove(*, actor: Actor, endpoint: HookEndpoint) -> None:
    """Tell an address no more, and forget what was told. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_WEBHOOKS)
    with transaction.atomic():
        _take_turns()
        # Rivals: those who settle its deliveries take it first, too.
        row = HookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        _note(actor, row, "webhook.removed", {})
        row.delete()
        HookEvent.objects.filter(deliveries=None).delete()
        _follow()


def test(*, actor: Actor, endpoint: HookEndpoint, now: datetime) -> HookDelivery:
    """Send an event that says nothing; what became of it stands in the log.

    Raises: ForbiddenError, EndpointDisabledError.
    """
    actor.require(Permission.MANAGE_WEBHOOKS)
    if not endpoint.is_enabled:
        raise EndpointDisabledError
    key, kind = f"{HookEvent.TEST}:{uuid4().hex}", HookEvent.TEST
    body = relaying.rendered(kind, None, at=now, tenant_id=actor.tenant.pk)
    with transaction.atomic():
        event = HookEvent.objects.create(kind=kind, key=key, body=body)
        # Somebody waits for it: not for the rest after a failure, too.
        HookEndpoint.objects.filter(pk=endpoint.pk).update(rest_until=None)
        delivery = HookDelivery.objects.create(event=event, endpoint=endpoint, due_at=now)
        queue.enqueue(TASK, endpoint_id=endpoint.pk)
    return delivery


def replay(*, actor: Actor, delivery: HookDelivery, now: datetime) -> None:
    """Send one event once more, under the id that it had.

    Raises: ForbiddenError, EndpointDisabledError, StillWaitsError.
    """
    actor.require(Permission.MANAGE_WEBHOOKS)
    if not delivery.endpoint.is_enabled:
        raise EndpointDisabledError
    over = HookDelivery.objects.exclude(state=HookDelivery.State.PENDING)
    # Rival: another click; exactly one of them changes the row.
    if not _again(over.filter(pk=delivery.pk), now):
        raise StillWaitsError
    queue.enqueue(TASK, endpoint_id=delivery.endpoint_id)


def replay_failed(*, actor: Actor, endpoint: HookEndpoint, since: datetime, now: datetime) -> int:
    """Send everything once more that was given up since then; return how many.

    Raises: ForbiddenError, EndpointDisabledError.
    """
    actor.require(Permission.MANAGE_WEBHOOKS)
    if not endpoint.is_enabled:
        raise EndpointDisabledError
    dead = endpoint.deliveries.filter(state=HookDelivery.State.DEAD, created_at__gte=since)
    count = _again(dead, now)
    queue.enqueue(TASK, endpoint_id=endpoint.pk)
    return count


def switch_off(endpoint: HookEndpoint, reason: HookEndpoint.Reason) -> None:
    """Tell a locked address no more, for what its server does; audited as nobody's act.

    The admins get a letter. Takes the tenant's counter: the last statements before the commit.
    """
    endpoint.is_enabled, endpoint.disabled_reason = False, reason
    endpoint.save(update_fields=["is_enabled", "disabled_reason"])
    tenant = Tenant.objects.get(schema_name=context.current_schema())
    audit.record(
        actor=None,
        action="webhook.switched_off",
        target=endpoint,
        tenant=tenant,
        changes={"reason": reason.value},
    )
    link = links.address(tenant, f"/settings/webhooks/{endpoint.pk}/")
    letter = letters.webhook_off(
        tenant=tenant, url=endpoint.shown_url, why=str(reason.label), link=link
    )
    letters.post_to_admins(tenant=tenant, letter=letter)
    _follow()


def opened_secrets(endpoint: HookEndpoint, *, tenant: Tenant, now: datetime) -> list[str]:
    """Return the secrets that sign now, the current one first. Raises: secrets.SealBrokenError."""
    sealed = [endpoint.secret_sealed]
    if endpoint.previous_until is not None and endpoint.previous_until > now:
        sealed.append(endpoint.previous_secret_sealed)
    return [
        secrets.open(one, tenant=str(tenant.pk), table=_TABLE, column="secret") for one in sealed
    ]


def _sealed(tenant: Tenant, secret: str) -> str:
    return secrets.seal(secret, tenant=str(tenant.pk), table=_TABLE, column="secret")


def _ordered(events: Sequence[str]) -> list[str]:
    return [kind for kind in HookEvent.Kind.values if kind in set(events)]


def _take_turns() -> None:
    """Let nobody else make, change or remove an address, nor make events, until the commit."""
    HookRelay.objects.get_or_create(id=1)
    HookRelay.objects.select_for_update().get()


def _begin() -> int:
    """Return the number after which an address is told; nobody is told anything before it."""
    last = feed.last_seq()
    if not HookEndpoint.objects.filter(is_enabled=True).exists():
        HookRelay.objects.update(seq=last)
    return last


def _follow() -> None:
    """Have each change nudge whoever makes events, if anybody is told: the last statement."""
    is_followed = HookEndpoint.objects.filter(is_enabled=True).exists()
    Counter.objects.get_or_create(id=1)
    Counter.objects.filter(id=1).exclude(is_followed=is_followed).update(is_followed=is_followed)


def _again(deliveries: QuerySet[HookDelivery], now: datetime) -> int:
    return deliveries.update(
        state=HookDelivery.State.PENDING, attempts=0, due_at=now, lease_until=None
    )


def _note(actor: Actor, endpoint: HookEndpoint, action: str, changes: dict[str, object]) -> None:
    audit.record(
        actor=actor.user, action=action, target=endpoint, tenant=actor.tenant, changes=changes
    )
