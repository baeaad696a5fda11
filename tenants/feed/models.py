"""The numbered stream of one tenant's visible changes, and what else each schema has of ours."""

from django.db import models
from django.db.models.functions import Now


class Counter(models.Model):
    """The tenant's last change number: one row, taken as the last statement before a commit."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=0)
    is_followed = models.BooleanField(default=False, db_default=False)  # see following

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="counter_is_one_row")]

    def __str__(self) -> str:
        return str(self.value)


class Change(models.Model):
    """Something that a page or an API client may have drawn is different now."""

    class Kind(models.TextChoices):
        CONVERSATION = "CONVERSATION"  # its row and header
        # The same, of which more is known:
        OPENED = "OPENED"
        CLOSED = "CLOSED"
        ASSIGNED = "ASSIGNED"
        LABELLED = "LABELLED"
        # Of a message, and of its conversation's row and header with it:
        ARRIVAL = "ARRIVAL"  # it came
        STATUS = "STATUS"  # it went on, as far as sending goes
        MESSAGE = "MESSAGE"  # it is new or other in any other way
        BROADCAST = "BROADCAST"  # its state or its counts
        # What pages draw with conversations or not at all; ``subject_id`` says which one.
        CONTACT_NEW = "CONTACT_NEW"
        CONTACT = "CONTACT"  # its names, attributes, and whether it wants marketing
        CONTACT_MERGED = "CONTACT_MERGED"  # it leads to another one
        TEMPLATE = "TEMPLATE"
        NUMBER = "NUMBER"  # how it stands with Meta

    seq = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind)
    conversation_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    broadcast_id = models.BigIntegerField(null=True)
    subject_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class UsageDay(models.Model):
    """What one day (of UTC) held: counted with the rows themselves, in their transactions."""

    day = models.DateField(primary_key=True)
    received = models.PositiveBigIntegerField(default=0, db_default=0)  # customers' messages
    sent = models.PositiveBigIntegerField(default=0, db_default=0)  # queued, and not taken back

    def __str__(self) -> str:
        return f"{self.day}: {self.received} in, {self.sent} out"


class IdempotencyKey(models.Model):
    """A client's word that a repeated request is the same act; keeps the answer 24 hours."""

    client = models.CharField(max_length=60)  # "user:<id>" or "key:<id>"
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # sha256 of method, path and body
    response_status = models.PositiveSmallIntegerField(null=True)  # null while the first is running
    response_body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        # Its first name: a repeated request finds its answer across an upgrade.
        db_table = "conversations_idempotencykey"
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotency_key_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"
