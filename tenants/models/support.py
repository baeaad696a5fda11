"""How super-admins come into a tenant: for an hour, with a reason that its admins read."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.platform import AuditEvent, Membership, Tenant, User


class SupportAccessQuerySet(models.QuerySet["SupportAccess"]):
    def going_on(self, now: datetime) -> "SupportAccessQuerySet":
        """Keep what lets a super-admin in at this moment."""
        return self.filter(
            entered_at__isnull=False,
            ended_at=None,
            expires_at__gt=now,
            user__is_active=True,
            user__is_superuser=True,
        )


class SupportAccess(models.Model):
    """One look of a super-admin into a tenant. Never deleted: it says who was in, and why."""

    LASTS = timedelta(minutes=60)
    LINK_LASTS = timedelta(seconds=60)

    class Level(models.TextChoices):
        VIEWER = Membership.Role.VIEWER.value, _("Look only")
        ADMIN = Membership.Role.ADMIN.value, _("Do everything an admin may")

    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("user"), related_name="+")
    tenant = models.ForeignKey(Tenant, models.CASCADE, verbose_name=_("tenant"), related_name="+")
    role = models.CharField(_("level"), max_length=20, choices=Level)
    reason = models.CharField(_("reason"), max_length=AuditEvent.REASON_MAX_CHARACTERS)
    token_hash = models.CharField(max_length=64, unique=True)  # sha256 of the link's token, hex
    created_at = models.DateTimeField(_("opened at"))
    entered_at = models.DateTimeField(_("entered at"), null=True)  # by the link, which works once
    expires_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True)  # before that, by somebody

    objects = SupportAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("support access")
        verbose_name_plural = _("support accesses")
        constraints = [
            # A second one takes the place of the first: what ends it, ends all of it.
            models.UniqueConstraint(
                fields=["user", "tenant"],
                condition=models.Q(ended_at=None),
                name="support_access_one_open",
            ),
        ]
        # Serves the list of one tenant's, newest first.
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="support_newest")]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant}"

    @property
    def over_at(self) -> datetime:
        """When it ended, or will."""
        return self.ended_at or self.expires_at
