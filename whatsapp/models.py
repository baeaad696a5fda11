"""What one tenant knows of its numbers (tenant schema)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from whatsapp import rendering, sniffing

# The longer side of a picture's small one.
THUMBNAIL_PIXELS = 480


class Phone(models.Model):
    """A business number on the Cloud API. Who owns it is said by ``webhooks.PhoneRoute``."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        INACTIVE = "INACTIVE", _("Inactive")
        SUSPENDED = "SUSPENDED", _("Suspended")

    class Health(models.TextChoices):
        OK = "OK", _("Working")
        DEGRADED = "DEGRADED", _("Degraded")
        AUTH_ERROR = "AUTH_ERROR", _("Reconnect")
        UNKNOWN = "UNKNOWN", _("Not checked yet")

    class ReadPolicy(models.TextChoices):
        """When customers see that their messages were read."""

        ON_OPEN = "ON_OPEN", _("When somebody opens the conversation")
        ON_REPLY = "ON_REPLY", _("When somebody replies")
        NEVER = "NEVER", _("Never")

    phone_number_id = models.CharField(max_length=40, unique=True)
    waba_id = models.CharField(max_length=40)
    display_phone_number = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    access_token_sealed = models.TextField(editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    health = models.CharField(max_length=20, choices=Health, default=Health.UNKNOWN)
    health_checked_at = models.DateTimeField(null=True)
    read_policy = models.CharField(
        max_length=10,
        choices=ReadPolicy,
        default=ReadPolicy.ON_OPEN,
        db_default=ReadPolicy.ON_OPEN,
    )
    read_marks_failed = models.PositiveIntegerField(default=0, db_default=0)  # best effort: counted
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name or self.display_phone_number


class AccountEvent(models.Model):
    """A webhook change that names no number (templates, account, quality), kept as it came."""

    digest = models.BinaryField(max_length=32, unique=True)  # sha256 of waba, field, time and value
    waba_id = models.CharField(max_length=40)
    field = models.CharField(max_length=80)
    value = models.JSONField()
    provider_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.field} {self.waba_id}"


class MediaFile(models.Model):
    """A file of a message: where it comes from, how far it got, and what it really is.

    The bytes lie in the storage under ``key``; a name that somebody gave is only kept here.
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

    phone = models.ForeignKey(Phone, models.PROTECT, related_name="+", db_index=False)
    media_id = models.CharField(max_length=100)  # Meta's, known to this number alone
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
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    error = models.CharField(max_length=20, choices=Error, blank=True, default=Error.NONE)
    # Fetching: who may claim it when, how often it was tried, and when Meta forgets the id.
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            # Serves the claim of what is to be fetched.
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state="PENDING"),
                name="media_due",
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
    def definition(self) -> rendering.Definition:
        """The template as the renderer takes it."""
        return rendering.parse(
            name=self.name,
            language=self.language,
            category=self.category,
            parameter_format=self.parameter_format,
            components=self.components,
        )


class Job(models.Model):
    """Something that waits for Meta, done by a task, while people look at its progress."""

    class Kind(models.TextChoices):
        TEMPLATES_SYNC = "TEMPLATES_SYNC", _("Fetch the templates")
        TEMPLATE_CREATE = "TEMPLATE_CREATE", _("Create a template")
        TEMPLATE_EDIT = "TEMPLATE_EDIT", _("Edit a template")
        TEMPLATE_DELETE = "TEMPLATE_DELETE", _("Delete a template")

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("Queued")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")

    kind = models.CharField(max_length=40, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    subject = models.CharField(max_length=40)  # what it is about: the business account's id
    arguments = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)  # null while nobody knows
    error_code = models.IntegerField(null=True)  # Meta's
    error = models.CharField(max_length=500, blank=True, default="")
    result = models.JSONField(null=True)
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)  # whoever runs it is taken for dead after that
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Serves "Sync now" twice: the one that waits is enough.
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(kind="TEMPLATES_SYNC", state="QUEUED"),
                name="job_one_sync_waits",
            ),
        ]
        indexes = [
            # Serves the sweeper, which looks for what no nudge reached.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["QUEUED", "RUNNING"]),
                name="job_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}
