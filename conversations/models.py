"""Conversations and their messages (tenant schema); people are in ``people_models``."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations import rules, types
from conversations.people_models import ConsentEvent, Contact, ContactIdentity, IdentityMove
from tenants.models import User
from whatsapp import errors
from whatsapp.models import MediaFile, Phone

__all__ = [
    "ConsentEvent",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "IdempotencyKey",
    "IdentityMove",
    "Mark",
    "Message",
    "StatusEvent",
]


class Conversation(models.Model):
    """Everything between one number and one contact, for ever. The list's columns are kept here."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Open")
        PENDING = "PENDING", _("Pending")
        SNOOZED = "SNOOZED", _("Snoozed")
        CLOSED = "CLOSED", _("Closed")
        ARCHIVED = "ARCHIVED", _("Archived")

    phone = models.ForeignKey(Phone, models.PROTECT, related_name="conversations", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="conversations")
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    unread_count = models.PositiveIntegerField(default=0)
    # Inbound messages up to this id are read: unread is what came in after it.
    read_up_to_id = models.BigIntegerField(default=0)
    # Inbound messages up to this id are marked as read at WhatsApp, as far as we tried.
    told_read_id = models.BigIntegerField(default=0, db_default=0)
    # The newest message by (timestamp, id); null only between two statements of one transaction.
    last_message = models.ForeignKey(
        "Message",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    last_message_at = models.DateTimeField(null=True)
    # Meta's timestamp of the newest inbound message that opens the 24-hour window.
    window_opened_at = models.DateTimeField(null=True)
    # The conversation that has its messages now, since its contact was found to be another one.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone", "contact"],
                condition=models.Q(merged_into__isnull=True),
                name="conversation_unique",
            ),
        ]
        indexes = [
            # Serves the inbox list, newest first, by keyset.
            models.Index(fields=["-last_message_at", "-id"], name="conversation_newest"),
            # Serves the unread filter and its counter.
            models.Index(
                fields=["-last_message_at", "-id"],
                condition=models.Q(unread_count__gt=0),
                name="conversation_unread",
            ),
            # Serves merging again: what was merged into one that goes leads to the one that stays.
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="conversation_merged",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Message(models.Model):
    """One message, or one attempt to send one: a retry is a new row with ``retry_of``."""

    class Direction(models.TextChoices):
        INBOUND = "INBOUND", _("Inbound")
        OUTBOUND = "OUTBOUND", _("Outbound")

    class Type(models.TextChoices):
        TEXT = "TEXT", _("Text")
        IMAGE = "IMAGE", _("Photo")
        AUDIO = "AUDIO", _("Audio")
        VIDEO = "VIDEO", _("Video")
        DOCUMENT = "DOCUMENT", _("Document")
        TEMPLATE = "TEMPLATE", _("Template")
        STICKER = "STICKER", _("Sticker")
        LOCATION = "LOCATION", _("Location")
        CONTACTS = "CONTACTS", _("Contact card")
        INTERACTIVE = "INTERACTIVE", _("Interactive message")
        BUTTON = "BUTTON", _("Button")
        REACTION = "REACTION", _("Reaction")
        ORDER = "ORDER", _("Order")
        SYSTEM = "SYSTEM", _("System message")
        UNSUPPORTED = "UNSUPPORTED", _("Unsupported message")

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", _("Received")  # every inbound message
        PENDING = "PENDING", _("Queued")
        HELD = "HELD", _("Waiting for the number to be reconnected")
        SENDING = "SENDING", _("Sending")
        UNKNOWN = "UNKNOWN", _("Waiting for confirmation")
        UNCONFIRMED = "UNCONFIRMED", _("Not confirmed")
        ACCEPTED = "ACCEPTED", _("Accepted by WhatsApp")
        SENT = "SENT", _("Sent")
        FAILED = "FAILED", _("Failed")
        DELIVERED = "DELIVERED", _("Delivered")
        READ = "READ", _("Read")
        PLAYED = "PLAYED", _("Played")

    phone = models.ForeignKey(Phone, models.PROTECT, related_name="messages", db_index=False)
    conversation = models.ForeignKey(
        Conversation, models.PROTECT, related_name="messages", db_index=False
    )
    wamid = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null until Meta names it, and unique
    direction = models.CharField(max_length=10, choices=Direction)
    type = models.CharField(max_length=20, choices=Type)
    text = models.TextField(blank=True, default="")
    # Meta's object for the type as it came or will go, NUL and lone surrogates replaced.
    content = models.JSONField(default=dict)
    # What else Meta wrote in the message (context, referral, errors, the word of an unknown type).
    extras = models.JSONField(null=True)
    media = models.ForeignKey(
        MediaFile, models.PROTECT, null=True, related_name="messages", db_index=False
    )
    status = models.CharField(max_length=20, choices=Status)
    rank = models.PositiveSmallIntegerField(default=0)  # rules.RANKS
    timestamp = models.DateTimeField()  # Meta's for inbound, ours for outbound; threads sort by it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    client_id = models.UUIDField(null=True)  # made by the page or for the API's Idempotency-Key
    retry_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="attempts_after", db_index=False
    )
    # Sending: who may claim it when, and how often it was tried.
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.IntegerField(null=True)
    error_detail = models.CharField(max_length=500, blank=True, default="")
    # Each the least time that Meta gave for that status.
    accepted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    played_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    # What was done to it later, where selectors.with_marks looked it up.
    marks: types.Marks = types.NO_MARKS

    class Meta:
        constraints = [
            # Serves "once", however often Meta brings a message, and finds it for its statuses.
            models.UniqueConstraint(fields=["phone", "wamid"], name="message_wamid_unique"),
            # Serves double clicks and repeated API calls.
            models.UniqueConstraint(fields=["client_id"], name="message_client_id_unique"),
        ]
        indexes = [
            # Serves the thread, newest first, by keyset.
            models.Index(fields=["conversation", "-timestamp", "-id"], name="message_thread"),
            # Serves the claim of heads of line, and what waits for an answer.
            models.Index(
                fields=["phone", "conversation", "id"],
                condition=models.Q(status__in=["PENDING", "HELD", "SENDING", "UNKNOWN"]),
                name="message_outbox",
            ),
            # Serves the attempts of one message: the thread shows the last one only.
            models.Index(
                fields=["retry_of"],
                condition=models.Q(retry_of__isnull=False),
                name="message_attempts",
            ),
            # Serves finding the messages, and so the conversations, of a file.
            models.Index(
                fields=["media"], condition=models.Q(media__isnull=False), name="message_media"
            ),
            # Serves unread counts: inbound after the last read one.
            models.Index(
                fields=["conversation", "id"],
                condition=models.Q(direction="INBOUND"),
                name="message_inbound",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    @property
    def is_outbound(self) -> bool:
        return self.direction == self.Direction.OUTBOUND

    @property
    def is_failed(self) -> bool:
        return self.status == self.Status.FAILED

    @property
    def is_uncertain(self) -> bool:
        """Whether nobody knows if the customer got it."""
        return self.status in {self.Status.UNKNOWN, self.Status.UNCONFIRMED}

    @property
    def tick(self) -> str:
        """One of clock, sent, delivered, read, failed, unknown; empty for what came in."""
        return rules.TICKS.get(self.status, "")

    @property
    def failure(self) -> types.FailureNote | None:
        """Why it failed or was never confirmed, in the active language."""
        if self.status == self.Status.UNCONFIRMED:
            return types.failure_note(errors.UNCONFIRMED, self.error_detail)
        if self.is_failed:
            return types.failure_note(errors.explain(self.error_code), self.error_detail)
        return None

    @property
    def may_send_again(self) -> bool:
        """Whether a person may send it again; a later attempt may exist all the same."""
        failure = self.failure
        return failure is not None and failure.may_send_again


class StatusEvent(models.Model):
    """A status that Meta reported. Without a message it waits for one, or was another system's."""

    phone = models.ForeignKey(Phone, models.CASCADE, related_name="+", db_index=False)
    wamid = models.CharField(max_length=200)
    status = models.CharField(max_length=20)  # Meta's word in capitals; an open set
    provider_at = models.DateTimeField()
    # The message that biz_opaque_callback_data names, if its MAC was right.
    claimed_message_id = models.BigIntegerField(null=True)
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, related_name="status_events", db_index=False
    )
    errors = models.JSONField(null=True)
    pricing = models.JSONField(null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone", "wamid", "status", "provider_at"], name="status_event_unique"
            ),
        ]
        indexes = [
            # Serves matching a message that came later than its statuses.
            models.Index(
                fields=["phone", "wamid"],
                condition=models.Q(message__isnull=True),
                name="status_event_waiting",
            ),
            # Serves the list of one message's statuses.
            models.Index(fields=["message"], name="status_event_message"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.wamid}"


class Mark(models.Model):
    """What was done to a message: it finds its message by ``target_wamid``, now or later."""

    class Kind(models.TextChoices):
        REACTION = "REACTION", _("Reaction")
        EDIT = "EDIT", _("Edit")
        REVOKE = "REVOKE", _("Deletion")

    phone = models.ForeignKey(Phone, models.CASCADE, related_name="+", db_index=False)
    wamid = models.CharField(max_length=200)  # its own
    target_wamid = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    by_business = models.BooleanField()  # in its app; else by the customer
    emoji = models.CharField(max_length=40, blank=True)  # empty: the reaction was taken back
    # What an edited message says since then: Meta's word for the type, words, object.
    type = models.CharField(max_length=80, blank=True)
    text = models.TextField(blank=True)
    content = models.JSONField(null=True)
    provider_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # Serves "once", however often Meta brings it.
            models.UniqueConstraint(fields=["phone", "wamid"], name="mark_wamid_unique"),
        ]
        indexes = [
            # Serves finding what was done to the messages of a page.
            models.Index(fields=["phone", "target_wamid"], name="mark_target"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_wamid}"


class IdempotencyKey(models.Model):
    """A client's word that a repeated request is the same act; keeps the answer 24 hours."""

    client = models.CharField(max_length=60)  # "user:<id>", later "key:<id>"
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # sha256 of method, path and body
    response_status = models.PositiveSmallIntegerField(null=True)  # null while the first is running
    response_body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotency_key_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"
