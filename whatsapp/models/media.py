"""Files of messages."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import ApiKey, User
from whatsapp import sniffing
from whatsapp.models.numbers import Phone

# The longer side of a picture's small one.
THUMBNAIL_PIXELS = 480


class MediaFile(models.Model):
    """A file of a message: where it comes from, how far it got, and what it really is.

    What one of us uploads has no number: ``MediaUpload`` brings it to each that sends it. The bytes
    lie in the storage under ``key``; a name that somebody gave is only kept here.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("Being fetched")
        STORED = "STORED", _("Stored")
        FAILED = "FAILED", _("Failed")
        EXPIRED = "EXPIRED", _("Expired")

    class Error(models.TextChoices):
        """Why a file is not here (yet), in a sentence for its bubble."""

        NONE = "", ""
        TOO_LARGE = "TOO_LARGE", _("The file is larger than 100 MB.")
        EMPTY = "EMPTY", _("The file is empty.")
        DAMAGED = "DAMAGED", _("The file arrived damaged.")
        REFUSED = "REFUSED", _("WhatsApp does not hand the file out.")
        NO_ACCESS = "NO_ACCESS", _("The number has to be reconnected first.")
        UNREACHABLE = "UNREACHABLE", _("WhatsApp cannot be reached.")
        FOREIGN = "FOREIGN", _("The file lies on a server that is not WhatsApp's.")
        QUOTA = "QUOTA", _("This account's storage is full.")
        DISK = "DISK", _("The file could not be stored.")

    phone = models.ForeignKey(Phone, models.PROTECT, null=True, related_name="+", db_index=False)
    # Meta's, known to this number alone; empty for what one of us uploads.
    media_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    key = models.UUIDField(unique=True, editable=False)  # names the file in the storage
    name = models.CharField(max_length=200, blank=True, default="")  # as sent, cleaned
    mime_declared = models.CharField(max_length=100, blank=True, default="")
    mime_type = models.CharField(max_length=100, blank=True, default="")  # what the bytes say
    size_bytes = models.BigIntegerField(default=0)
    sha256_declared = models.CharField(max_length=100, blank=True, default="")  # hex or base64
    sha256 = models.CharField(max_length=64, blank=True, default="")  # of the bytes, hex
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    has_thumbnail = models.BooleanField(default=False)
    is_animated = models.BooleanField(default=False, db_default=False)  # known of uploads
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    error = models.CharField(max_length=20, choices=Error, blank=True, default=Error.NONE)
    # Fetching: who may claim it when, how often it was tried, and when Meta forgets the id.
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            # Serves the claim of what is to be fetched.
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state="PENDING"),
                name="media_due",
            ),
            # Serves the same upload made twice, and uploads that nobody sent.
            models.Index(
                fields=["sha256"],
                condition=models.Q(phone__isnull=True),
                name="media_uploaded",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    @property
    def is_stored(self) -> bool:
        return self.state == self.State.STORED

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING

    @property
    def is_expired(self) -> bool:
        return self.state == self.State.EXPIRED

    @property
    def shown_width(self) -> int:
        """How wide its thumbnail is."""
        return self._shown(self.width)

    @property
    def shown_height(self) -> int:
        """How high its thumbnail is."""
        return self._shown(self.height)

    def _shown(self, pixels: int | None) -> int:
        longer = max(self.width or 0, self.height or 0, THUMBNAIL_PIXELS)
        return max(round((pixels or 0) * THUMBNAIL_PIXELS / longer), 1)

    @property
    def shown_as(self) -> str:
        """One of image, video, audio and document: what its bytes may be shown as."""
        family = sniffing.family(self.mime_type)
        return "document" if family == "image" and not self.has_thumbnail else family


class MediaUpload(models.Model):
    """A file's way to Meta for one number, which alone knows the id that comes back.

    The id is used again until it ends; an upload may be repeated without harm.
    """

    class State(models.TextChoices):
        PENDING = "PENDING", _("Being handed to WhatsApp")
        READY = "READY", _("Ready to be sent")
        FAILED = "FAILED", _("Failed")

    file = models.ForeignKey(MediaFile, models.CASCADE, related_name="uploads", db_index=False)
    phone = models.ForeignKey(Phone, models.PROTECT, related_name="+", db_index=False)
    media_id = models.CharField(max_length=100, blank=True, default="")  # Meta's
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    # Made anew because Meta did not know the id, and not sent since: that happens once in a row.
    is_renewed = models.BooleanField(default=False)
    error_code = models.IntegerField(null=True)
    error_detail = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            # Serves a file that is sent twice, and finds the id of what is to be sent.
            models.UniqueConstraint(fields=["file", "phone"], name="media_upload_unique"),
        ]
        indexes = [
            # Serves the claim of what is to be handed over.
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state="PENDING"),
                name="media_upload_due",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"
