"""Whom the business has blocked on its numbers (tenant schema)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models.people import Contact
from tenants.models import User
from whatsapp.models import Phone


class Block(models.Model):
    """A contact who is blocked on a number, or was to be. Without a row nobody asked for it."""

    class State(models.TextChoices):
        BLOCKING = "BLOCKING", _("Being blocked")
        BLOCKED = "BLOCKED", _("Blocked")
        UNBLOCKING = "UNBLOCKING", _("Being unblocked")
        REFUSED = "REFUSED", _("Not blocked: WhatsApp refused")

    phone = models.ForeignKey(Phone, models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="blocks", db_index=False)
    state = models.CharField(max_length=12, choices=State)
    # Why WhatsApp did not do what was asked last: Meta's code, and a sentence.
    error_code = models.IntegerField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # Serves the composer's look, merging, and two operators who block at once.
            models.UniqueConstraint(fields=["contact", "phone"], name="block_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.state} #{self.pk}"

    @property
    def is_blocked(self) -> bool:
        """Whether WhatsApp keeps the two apart, as far as we know."""
        return self.state in {self.State.BLOCKED, self.State.UNBLOCKING}

    @property
    def is_waiting(self) -> bool:
        """Whether WhatsApp has not answered yet."""
        return self.state in {self.State.BLOCKING, self.State.UNBLOCKING}

    @property
    def is_refused(self) -> bool:
        return self.state == self.State.REFUSED

    @property
    def told_error(self) -> str:
        """The sentence in the active language; Meta's own words pass unchanged."""
        return gettext(self.error) if self.error else ""
