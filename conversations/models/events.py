"""What comes to a message later, or before it; and requests that may be repeated."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.models.messages import Message
from whatsapp.models import Phone


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
    pricing = models.JSONField(null=True)  # as it came
    # The same in one spelling; whether it is billed follows from type and category.
    pricing_category = models.CharField(max_length=40, blank=True, default="", db_default="")
    pricing_type = models.CharField(max_length=40, blank=True, default="", db_default="")
    pricing_model = models.CharField(max_length=40, blank=True, default="", db_default="")
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
    """What was done to a message: it finds its message by ``target_wamid``, now or later.

    A reaction of ours has its own ``message`` from the moment it is queued, and counts until that
    failed; one that came from Meta, by the customer or by the business in its app, has a ``wamid``.
    """

    class Kind(models.TextChoices):
        REACTION = "REACTION", _("Reaction")
        EDIT = "EDIT", _("Edit")
        REVOKE = "REVOKE", _("Deletion")

    phone = models.ForeignKey(Phone, models.CASCADE, related_name="+", db_index=False)
    wamid = models.CharField(max_length=200, null=True)  # noqa: DJ001 - its own; null when we queued it
    message = models.OneToOneField(Message, models.CASCADE, null=True, related_name="+")
    target_wamid = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    by_business = models.BooleanField()  # else by the customer
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
