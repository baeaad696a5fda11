"""Messages, and attempts to send them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import rules, types
from conversations.models.conversations import Conversation
from tenants.models import ApiKey, User
from whatsapp import errors
from whatsapp.models import MediaFile, Phone


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
        CANCELLED = "CANCELLED", _("Taken back before it was sent")
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
    # The author was let in to help: a super-admin of the installation, no member.
    by_support = models.BooleanField(default=False, db_default=False)
    # Instead of an author, the program that did it.
    api_key = models.ForeignKey(
        ApiKey, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    client_id = models.UUIDField(null=True)  # made by the page or for the API's Idempotency-Key
    retry_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="attempts_after", db_index=False
    )
    broadcast = models.ForeignKey(
        "conversations.Broadcast", models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Sending: who goes first, who may claim it when, and how often it was tried.
    lane = models.PositiveSmallIntegerField(default=0, db_default=0)  # a rules.Lane
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
            # Serves counting what was written in a stretch of days: next to nothing to write.
            BrinIndex(fields=["timestamp"], autosummarize=True, name="message_by_time"),
            # Serves the claim of heads of line, and what waits for an answer.
            models.Index(
                fields=["phone", "conversation", "id"],
                condition=models.Q(status__in=["PENDING", "HELD", "SENDING", "UNKNOWN"]),
                name="message_outbox",
            ),
            # Serves the claim of each lane, oldest first.
            models.Index(
                fields=["phone", "lane", "id"],
                condition=models.Q(status="PENDING"),
                name="message_lane",
            ),
            # Serves taking back what a broadcast has queued.
            models.Index(
                fields=["broadcast"],
                condition=models.Q(broadcast__isnull=False, status__in=["PENDING", "HELD"]),
                name="message_broadcast_queued",
            ),
            # Serves the attempts of one message: the thread shows the last one only.
            models.Index(
                fields=["retry_of"],
                condition=models.Q(retry_of__isnull=False),
                name="message_attempts",
            ),
            # Serves finding out who stopped marketing: Meta says so when a message fails.
            models.Index(
                fields=["failed_at"],
                condition=models.Q(error_code=131050),
                name="message_stopped",
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
    def written_by(self) -> str:
        """Whoever of us wrote it, a person or a program; "" where nobody did."""
        if self.api_key is not None:
            return gettext("API: %(name)s") % {"name": self.api_key}
        if self.by_support and self.author is not None:
            return gettext("%(name)s (support)") % {"name": self.author}
        return str(self.author or "")

    @property
    def is_outbound(self) -> bool:
        return self.direction == self.Direction.OUTBOUND

    @property
    def is_failed(self) -> bool:
        return self.status == self.Status.FAILED

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it waits here still; a moment later it may be on its way."""
        return self.is_outbound and self.status in {self.Status.PENDING, self.Status.HELD}

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
        if self.is_cancelled and self.error_code is None:
            return types.failure_note(errors.CANCELLED, self.error_detail)
        if self.is_cancelled or self.is_failed:
            return types.failure_note(errors.explain(self.error_code), self.error_detail)
        return None

    @property
    def error(self) -> types.FailureNote | None:
        """What is wrong with it: why it failed, or what it is held for if that has a code."""
        if self.status == self.Status.HELD and self.error_code is not None:
            return types.failure_note(errors.explain(self.error_code), "")
        return self.failure

    @property
    def status_label(self) -> str:
        """Its status in words; what is held for the plan says so."""
        if self.status == self.Status.HELD and self.error_code == errors.QUOTA_REACHED:
            return self.error.title if self.error else ""
        return str(self.get_status_display())

    @property
    def may_send_again(self) -> bool:
        """Whether a person may send it again; a later attempt may exist all the same."""
        failure = self.failure
        return failure is not None and failure.may_send_again
