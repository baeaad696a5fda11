"""What has to be true after every fault, once the work has settled."""

from collections import Counter
from collections.abc import Collection

from django.db.models import Count, F, Q, Sum

from conversations.models import Conversation, Message, StatusEvent
from tenants import context
from tenants.feed.models import Change, UsageDay
from tenants.models import Tenant
from whatsapp.webhooks import ledger
from whatsapp.webhooks.models import DeliveryClaim, WebhookDelivery


def assert_invariants(
    *, acknowledged: dict[str, Collection[str]], sent: Collection[str] = ()
) -> None:
    """Check an installation at rest.

    ``acknowledged`` are the wamids that a 200 stands for, by the subdomain that they are for;
    ``sent`` is what each message was called in the calls that Meta got.
    """
    _check_deliveries()
    _check_calls(sent)
    with context.platform():
        tenants = list(Tenant.objects.filter(status=Tenant.Status.ACTIVE))
    for tenant in tenants:
        with context.tenant(tenant.schema_name):
            _check_messages(set(acknowledged.get(tenant.subdomain, ())))
            _check_counters()
            _check_statuses()
            _check_changes()


def _check_deliveries() -> None:
    with context.platform():
        assert not WebhookDelivery.objects.exclude(state="DONE").exists(), "work is left"
        assert not DeliveryClaim.objects.exists(), "a dead worker's note is left"
        days = WebhookDelivery.objects.values_list("received_at__date", flat=True)
        known = sorted(days)
    if known:
        assert ledger.of(first=known[0], last=known[-1]).unaccounted == 0


def _check_calls(sent: Collection[str]) -> None:
    twice = [name for name, count in Counter(sent).items() if count > 1]
    assert not twice, f"sent twice: {twice}"


def _check_messages(wanted: set[str]) -> None:
    stored = Counter(Message.objects.filter(direction="INBOUND").values_list("wamid", flat=True))
    assert set(stored) == wanted, "lost, or of somebody else"
    assert set(stored.values()) <= {1}, "stored twice"
    assert not Message.objects.filter(status__in=("SENDING", "UNKNOWN")).exists()


def _check_counters() -> None:
    unread = Q(messages__direction="INBOUND", messages__pk__gt=F("read_up_to_id"))
    counted = Conversation.objects.annotate(unread=Count("messages", filter=unread))
    wrong = counted.exclude(unread=F("unread_count"))
    assert not wrong.exists(), "a count is not that of the rows"
    received = UsageDay.objects.aggregate(sum=Sum("received"))["sum"] or 0
    assert received == Message.objects.filter(direction="INBOUND").count(), "the usage is not"


def _check_statuses() -> None:
    """A message stands at least where its highest status put it."""
    ranks = {"SENT": 30, "FAILED": 35, "DELIVERED": 40, "READ": 50, "PLAYED": 60}
    for word, rank in ranks.items():
        fallen = StatusEvent.objects.filter(status=word, message__rank__lt=rank)
        assert not fallen.exists(), f"fell below {word}"


def _check_changes() -> None:
    numbers = list(Change.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1)), "a change number is missing"
