"""How people come in: links in letters that work once."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from tenants.models.platform import Membership, Tenant, User


class Invitation(models.Model):
    """A place in a tenant that waits for the person of an address, account or not."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=20, choices=Membership.Role)
    language = models.CharField(max_length=10)  # of the letter
    token_hash = models.CharField(max_length=64, unique=True)  # sha256, hex
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField()  # the last letter
    letters = models.PositiveSmallIntegerField(default=1)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # One open invitation an address: two clicks on the button make one.
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            ),
        ]
        # Serves the list of one tenant's, newest first, and the count of its last day.
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="invitation_newest")]

    def __str__(self) -> str:
        return self.email

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has expired."""
        return self.expires_at <= now
