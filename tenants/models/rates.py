"""What WhatsApp asks for templates."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Rate(models.Model):
    """What WhatsApp asks for one template to a country, from a day on until a later rate's day.

    The rules are ``tenants.rates``'.
    """

    class Category(models.TextChoices):
        MARKETING = "MARKETING", _("Marketing")
        UTILITY = "UTILITY", _("Utility")
        AUTHENTICATION = "AUTHENTICATION", _("Authentication")

    prefix = models.CharField(
        _("calling code"),
        max_length=8,
        blank=True,
        help_text=_("Digits that numbers begin with; of several the longest. Empty: all others."),
    )
    country = models.CharField(_("country"), max_length=80)
    category = models.CharField(_("category"), max_length=20, choices=Category)
    currency = models.CharField(_("currency"), max_length=3)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=6)
    starts_on = models.DateField(_("from"))

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        constraints = [
            models.UniqueConstraint(fields=["prefix", "category", "starts_on"], name="rate_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.country} · {self.get_category_display()} · {self.starts_on}"
