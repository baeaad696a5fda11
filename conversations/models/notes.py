"""What the team says of conversations among itself: labels and notes. No customer ever sees it."""

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from conversations.models.conversations import Conversation
from tenants.models import ApiKey, User


class Label(models.Model):
    """A word that conversations are sorted by."""

    class Color(models.TextChoices):
        GRAY = "GRAY", _("Gray")
        RED = "RED", _("Red")
        ORANGE = "ORANGE", _("Orange")
        YELLOW = "YELLOW", _("Yellow")
        GREEN = "GREEN", _("Green")
        TEAL = "TEAL", _("Teal")
        BLUE = "BLUE", _("Blue")
        PURPLE = "PURPLE", _("Purple")
        PINK = "PINK", _("Pink")

    name = models.CharField(max_length=40)
    color = models.CharField(max_length=10, choices=Color, default=Color.GRAY)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    conversations = models.ManyToManyField(
        Conversation, through="ConversationLabel", related_name="labels"
    )

    class Meta:
        constraints = [
            # Two spellings of one word are one label.
            models.UniqueConstraint(Lower("name"), name="label_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class ConversationLabel(models.Model):
    """A label that somebody put on a conversation."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="labellings", db_index=False
    )
    label = models.ForeignKey(Label, models.CASCADE, related_name="labellings")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "label"], name="conversation_label_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.label_id}"


class Note(models.Model):
    """What somebody of the team wrote down about a conversation; a deleted one leaves its trace."""

    BODY_MAX_CHARACTERS = 4000

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="notes", db_index=False
    )
    body = models.TextField()
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    # Instead of an author, the program that wrote it.
    api_key = models.ForeignKey(
        ApiKey, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # and its words are gone

    class Meta:
        # Serves a conversation's notes, newest first, by keyset.
        indexes = [
            models.Index(fields=["conversation", "-created_at", "-id"], name="note_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.created_at}"
