"""Letters to people: written with what they tell of, and sent afterwards."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.platform import Tenant


class Mail(models.Model):
    """A letter that waits, has left, or was given up; its text is kept only while it waits."""

    class Fault(models.TextChoices):
        AWAY = "AWAY", _("The mail server does not answer.")
        LOGIN_REFUSED = "LOGIN_REFUSED", _("The mail server refuses our login.")
        LETTER_REFUSED = "LETTER_REFUSED", _("The mail server refuses the letter.")
        ADDRESS_REFUSED = "ADDRESS_REFUSED", _("The mail server knows no such address.")
        TOO_LATE = "TOO_LATE", _("It was of no use any more.")
        UNREADABLE = "UNREADABLE", _("It was sealed with a key that is gone.")

    tenant = models.ForeignKey(
        Tenant, models.CASCADE, null=True, verbose_name=_("tenant"), related_name="+"
    )
    to = models.EmailField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=200)
    body_sealed = models.TextField(blank=True)  # links in it let somebody in; "" once it is over
    created_at = models.DateTimeField(_("written at"), db_default=Now(), editable=False)
    due_at = models.DateTimeField(_("next attempt"), db_default=Now())
    until = models.DateTimeField(_("of no use after"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    failed_at = models.DateTimeField(_("given up at"), null=True)
    error = models.CharField(_("last error"), max_length=20, choices=Fault, blank=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        indexes = [
            # Serves the sender: what is due, the oldest first.
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(sent_at=None, failed_at=None),
                name="mail_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"
