"""Templates, as Meta last told of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from whatsapp import rendering


class MessageTemplate(models.Model):
    """A template of a business account, as Meta last told of it.

    Each of the three times is Meta's own for the newest word on that matter: an older word that
    comes later changes nothing, in whatever order webhooks and lists arrive.
    """

    class Status(models.TextChoices):
        """Meta's words; others may come, and are shown as they are."""

        PENDING = "PENDING", _("In review")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")
        PAUSED = "PAUSED", _("Paused")
        DISABLED = "DISABLED", _("Disabled")
        IN_APPEAL = "IN_APPEAL", _("In appeal")
        PENDING_DELETION = "PENDING_DELETION", _("Being deleted")
        DELETED = "DELETED", _("Deleted")
        LIMIT_EXCEEDED = "LIMIT_EXCEEDED", _("Limit exceeded")
        FLAGGED = "FLAGGED", _("Flagged")
        LOCKED = "LOCKED", _("Locked")
        ARCHIVED = "ARCHIVED", _("Archived")

    class Quality(models.TextChoices):
        GREEN = "GREEN", _("High quality")
        YELLOW = "YELLOW", _("Medium quality")
        RED = "RED", _("Low quality")
        UNKNOWN = "UNKNOWN", _("Quality not rated yet")

    class Category(models.TextChoices):
        MARKETING = "MARKETING", _("Marketing")
        UTILITY = "UTILITY", _("Utility")
        AUTHENTICATION = "AUTHENTICATION", _("Authentication")

    waba_id = models.CharField(max_length=40)
    template_id = models.CharField(max_length=40)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    category = models.CharField(max_length=40, choices=Category)
    status = models.CharField(max_length=40, choices=Status)
    quality = models.CharField(max_length=20, choices=Quality, default=Quality.UNKNOWN)
    parameter_format = models.CharField(max_length=20, default="POSITIONAL")
    components = models.JSONField(default=list)
    reason = models.CharField(max_length=200, blank=True, default="")  # of a rejection, Meta's word
    status_at = models.DateTimeField()
    quality_at = models.DateTimeField()
    category_at = models.DateTimeField()
    synced_at = models.DateTimeField(null=True)  # null: Meta said that its parts changed since
    told = models.CharField(max_length=32, default="", db_default="", editable=False)  # see telling

    class Meta:
        constraints = [
            # Serves sends by name and language, and the sync, which writes over what is there.
            models.UniqueConstraint(fields=["waba_id", "name", "language"], name="template_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def is_sendable(self) -> bool:
        return self.status == self.Status.APPROVED

    @property
    def is_editable(self) -> bool:
        """Whether Meta takes other parts for it in this state."""
        may = {self.Status.APPROVED, self.Status.REJECTED, self.Status.PAUSED}
        return self.status in may and bool(self.template_id)

    @property
    def definition(self) -> rendering.Definition:
        """The template as the renderer takes it."""
        return rendering.parse(
            name=self.name,
            language=self.language,
            category=self.category,
            parameter_format=self.parameter_format,
            components=self.components,
        )
