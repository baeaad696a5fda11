"""What a tenant's own programs are told, where, and what became of it (tenant schema)."""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import User


class HookEndpoint(models.Model):
    """An address that is told what happens."""

    class Reason(models.TextChoices):
        PERSON = "PERSON", _("Switched off by somebody of your team.")
        GONE = "GONE", _("Switched off: the server said that the address is gone (410).")
        FAILING = "FAILING", _("Switched off: nothing got through for five days.")

    url = models.CharField(max_length=2000)
    events = models.JSONField(default=list)  # HookEvent.Kind
    description = models.CharField(max_length=120, blank=True, default="")
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=10, choices=Reason, blank=True, default="")
    secret_sealed = models.TextField(editable=False)
    # Signs as well until then, so that a receiver may change its secret at any moment between.
    previous_secret_sealed = models.TextField(editable=False, blank=True, default="")
    previous_until = models.DateTimeField(null=True)
    since_seq = models.BigIntegerField()  # changes up to there were before its time
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True)
    rest_until = models.DateTimeField(null=True)  # after a failure nothing is tried until then
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.shown_url

    @property
    def shown_url(self) -> str:
        """The address without its query, which may hold somebody's secret."""
        place, mark, _query = self.url.partition("?")
        return f"{place}?…" if mark else place


class HookEvent(models.Model):
    """Something that happened, as it is told: the same bytes at every attempt."""

    class Kind(models.TextChoices):
        MESSAGE_RECEIVED = "message.received", _("A customer wrote")
        MESSAGE_STATUS = "message.status", _("A message of yours was sent, delivered, read, ...")
        MESSAGE_UPDATED = "message.updated", _("A message is new or other (reaction, edit, file)")
        CONVERSATION_OPENED = "conversation.opened", _("A conversation was opened, or began")
        CONVERSATION_CLOSED = "conversation.closed", _("A conversation was closed")
        CONVERSATION_ASSIGNED = "conversation.assigned", _("A conversation is somebody else's")
        CONVERSATION_LABELLED = "conversation.labelled", _("A conversation has other labels")
        CONVERSATION_UPDATED = "conversation.updated", _("A conversation or its contact is other")
        CONTACT_CREATED = "contact.created", _("A contact is new")
        CONTACT_UPDATED = "contact.updated", _("A contact is other (name, attributes, marketing)")
        CONTACT_MERGED = "contact.merged", _("Two contacts turned out to be one person")
        TEMPLATE_UPDATED = "template.updated", _("A template's state, category or quality is other")
        NUMBER_HEALTH = "number.health", _("A number's state or health is other")
        BROADCAST_UPDATED = "broadcast.updated", _("A broadcast's state or counts are other")

    TEST = "webhook.test"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=100)
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # Serves "once": what was told is found again, also when a change says it twice.
            models.UniqueConstraint(fields=["key"], name="hook_event_once"),
        ]
        indexes = [
            # Serves forgetting what is old.
            models.Index(fields=["created_at"], name="hook_event_age"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def webhook_id(self) -> str:
        """What the receiver knows it by, the same at every attempt."""
        return f"msg_{self.pk.hex}"


class HookDelivery(models.Model):
    """One event on its way to one address."""

    class State(models.TextChoices):
        PENDING = "PENDING", _("Waits")
        DONE = "DONE", _("Arrived")
        DEAD = "DEAD", _("Given up")

    event = models.ForeignKey(HookEvent, models.CASCADE, related_name="deliveries", db_index=False)
    endpoint = models.ForeignKey(
        HookEndpoint, models.CASCADE, related_name="deliveries", db_index=False
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)  # begun, also those that nobody ended
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)  # whoever tries is taken for dead after that
    tried_at = models.DateTimeField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)  # of the last attempt
    error = models.CharField(max_length=20, blank=True, default="")  # a word where none came
    answer = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="hook_delivery_once"),
        ]
        indexes = [
            # Serves the claim: what is due of an address, the oldest first.
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=models.Q(state="PENDING"),
                name="hook_delivery_due",
            ),
            # Serves the log of an address, the newest first.
            models.Index(fields=["endpoint", "-created_at", "-id"], name="hook_delivery_log"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING


class HookRelay(models.Model):
    """Up to which change of the tenant events were made: one row, from the first address on."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="relay_is_one_row")]

    def __str__(self) -> str:
        return str(self.seq)
