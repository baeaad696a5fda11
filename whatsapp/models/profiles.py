"""What customers read about a business beside its number."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from whatsapp.models.numbers import Phone


class BusinessProfile(models.Model):
    """A number's profile as WhatsApp last told of it, so that pages show it without waiting."""

    class Vertical(models.TextChoices):
        """Meta's words for the trade; others may come, and are shown as they are."""

        NONE = "", _("None")
        ALCOHOL = "ALCOHOL", _("Alcoholic drinks")
        APPAREL = "APPAREL", _("Clothing")
        AUTO = "AUTO", _("Cars")
        BEAUTY = "BEAUTY", _("Beauty and care")
        EDU = "EDU", _("Education")
        ENTERTAIN = "ENTERTAIN", _("Entertainment")
        EVENT_PLAN = "EVENT_PLAN", _("Events")
        FINANCE = "FINANCE", _("Finance")
        GOVT = "GOVT", _("Public services")
        GROCERY = "GROCERY", _("Groceries")
        HEALTH = "HEALTH", _("Health")
        HOTEL = "HOTEL", _("Hotels")
        NONPROFIT = "NONPROFIT", _("Non-profit")
        ONLINE_GAMBLING = "ONLINE_GAMBLING", _("Gambling on the internet")
        OTC_DRUGS = "OTC_DRUGS", _("Medicines without prescription")
        OTHER = "OTHER", _("Other")
        PHYSICAL_GAMBLING = "PHYSICAL_GAMBLING", _("Gambling in a house")
        PROF_SERVICES = "PROF_SERVICES", _("Services")
        RESTAURANT = "RESTAURANT", _("Restaurants")
        RETAIL = "RETAIL", _("Shops")
        TRAVEL = "TRAVEL", _("Travel")

    phone = models.OneToOneField(
        Phone, models.CASCADE, primary_key=True, related_name="profile", editable=False
    )
    about = models.TextField(blank=True, default="")
    address = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    email = models.TextField(blank=True, default="")
    websites = models.JSONField(default=list)
    vertical = models.CharField(max_length=40, choices=Vertical, blank=True, default="")
    picture_url = models.TextField(blank=True, default="")  # at Meta's, for a while
    read_at = models.DateTimeField()  # at WhatsApp

    def __str__(self) -> str:
        return str(self.phone_id)
