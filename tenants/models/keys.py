"""What a tenant's admin lets a program do."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.platform import Tenant, User


class ApiKey(models.Model):
    """A program's way in: one tenant, what it may do there, from where and until when.

    Never deleted, so that what it sent and did still says who that was.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16, unique=True)  # in the key itself; finds the row
    secret_hash = models.CharField(max_length=64)  # sha256 of the whole key, hex
    scopes = ArrayField(models.CharField(max_length=40))
    networks = ArrayField(models.CharField(max_length=43), default=list)  # none: from anywhere
    # The client's Idempotency-Key, hashed, and what it came with.
    made_as = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 # unique
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            # A repeated request makes no second key.
            models.UniqueConstraint(fields=["tenant", "made_as"], name="api_key_made_once"),
        ]
        # Serves the list of one tenant's keys, newest first.
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="api_key_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_authenticated(self) -> bool:
        """Whether it stands for somebody; it is only ever handed on when it does."""
        return True

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has expired."""
        return self.expires_at is not None and self.expires_at <= now
