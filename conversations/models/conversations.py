"""What a number and a contact have said to each other, as the list shows it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.models.people import Contact
from tenants.models import ApiKey, User
from whatsapp.models import Phone


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
    # Who of the team has it; the sweeper takes it from whoever no longer works here.
    assignee = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    snoozed_until = models.DateTimeField(null=True)  # of a snoozed one only
    unread_count = models.PositiveIntegerField(default=0)
    # Inbound messages up to this id are read: unread is what came in after it.
    read_up_to_id = models.BigIntegerField(default=0)
    # Inbound messages up to this id are marked as read at WhatsApp, as far as we tried.
    told_read_id = models.BigIntegerField(default=0, db_default=0)
    # The newest message by (timestamp, id); null until somebody writes the first one.
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
            # Serves what somebody has, and whom the sweeper has to take something from.
            models.Index(
                fields=["assignee", "-last_message_at", "-id"],
                condition=models.Q(assignee__isnull=False),
                name="conversation_assigned",
            ),
            # Serves waking what was snoozed.
            models.Index(
                fields=["snoozed_until"],
                condition=models.Q(status="SNOOZED"),
                name="conversation_snoozed",
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


class Episode(models.Model):
    """From a customer's first message to the closing, and again from his next one.

    What only we write opens none: nobody waits for an answer.
    """

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="episodes", db_index=False
    )
    # The least of the customer's times since the last closing, and never before that.
    opened_at = models.DateTimeField()
    first_reply_at = models.DateTimeField(null=True)
    # Who answered and who closed it; nobody where a program did.
    first_reply_by = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    closed_by_key = models.ForeignKey(
        ApiKey, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            # Serves "one at a time", and finding the one that is open.
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(closed_at__isnull=True),
                name="episode_one_open",
            ),
        ]
        indexes = [
            # Serves the last closing of a conversation.
            models.Index(fields=["conversation", "-closed_at"], name="episode_newest"),
            # Serve what began, was answered and ended in a stretch of days.
            models.Index(fields=["opened_at"], name="episode_opened"),
            models.Index(fields=["first_reply_at"], name="episode_answered"),
            models.Index(fields=["closed_at"], name="episode_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.opened_at}"
