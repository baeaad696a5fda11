"""What a number and a contact have said to each other, as the list shows it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.models.people import Contact
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
            # Serves merging again: what was merged into one that goes leads to the one that stays.
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="conversation_merged",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
