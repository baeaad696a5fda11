"""Take the raw body of a delivery out, for whoever has to look at what really came."""

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError, ForbiddenError
from tenants.models import Tenant, User
from whatsapp.payloads import parse
from whatsapp.webhooks.models import ParkedUnit, PhoneRoute, WebhookDelivery


class BodyForgottenError(DomainError):
    code = "body_forgotten"
    http_status = 410

    def __init__(self) -> None:
        sentence = _(
            "No body is kept of this delivery: raw bodies are forgotten after %(days)d days. Their "
            "hashes and the sums of their day stay."
        )
        super().__init__(sentence % {"days": settings.WEBHOOK_RETENTION_DAYS})


def take_out(*, actor: User, delivery_id: int, reason: str) -> bytes:
    """Return what Meta signed, byte for byte, and write down for whom, and why.

    For super-admins. One event in the audit log for each tenant that the body is of or names, one
    without a tenant where it is nobody's.

    Raises: ForbiddenError, BodyForgottenError, and what ``audit.stated`` does.
    """
    if not (actor.is_active and actor.is_superuser):
        raise ForbiddenError
    stated = audit.stated(reason)
    with context.platform(), transaction.atomic():
        deliveries = WebhookDelivery.objects.select_related("app__tenant")
        delivery = deliveries.filter(pk=delivery_id).first()
        if delivery is None:
            raise BodyForgottenError
        concerned = _concerned(delivery)
        named: list[Tenant | None] = [*concerned] or [None]
        for tenant in named:
            audit.record(
                actor=actor,
                action="delivery.body_taken_out",
                target=delivery,
                tenant=tenant,
                changes={"tenants": [str(one.pk) for one in concerned]},
                reason=stated,
            )
    return bytes(delivery.body)


def _concerned(delivery: WebhookDelivery) -> list[Tenant]:
    """Return whose app brought a body, whose numbers and accounts it names, who waits for it.

    Whatever the app: who is named by a stranger's app wants to know of it, too.
    """
    units = parse(bytes(delivery.body), received_at=delivery.received_at)
    parked = ParkedUnit.objects.filter(delivery=delivery)
    numbers = {unit.phone_number_id for unit in units} | set(
        parked.values_list("routed_to", flat=True)
    )
    accounts = {unit.waba_id for unit in units}
    routes = PhoneRoute.objects.filter(
        Q(phone_number_id__in=numbers - {""}) | Q(waba_id__in=accounts - {""})
    )
    keys = {delivery.app.tenant_id, *parked.values_list("tenant_id", flat=True)}
    keys |= set(routes.values_list("tenant_id", flat=True))
    return list(Tenant.objects.filter(pk__in=keys - {None}).order_by("pk"))
