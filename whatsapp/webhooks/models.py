"""How Meta's events come in, before any tenant is known (shared schema)."""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


def new_app_key() -> str:
    return secrets.token_hex(8)


class MetaApp(models.Model):
    """A Meta app whose webhooks we take. The platform's own, one at most, has no tenant."""

    name = models.CharField(_("name"), max_length=120)
    app_id = models.CharField(_("app id"), max_length=40)
    app_key = models.CharField(_("path key"), max_length=32, unique=True, default=new_app_key)
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, verbose_name=_("owner"), related_name="+"
    )
    app_secret_sealed = models.TextField(editable=False)
    # Deliveries signed before a rotation keep coming for days: the secrets before, newest first,
    # separated by spaces.
    previous_secret_sealed = models.TextField(editable=False, blank=True, default="")
    verify_token_sealed = models.TextField(editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    # Its deliveries still say where they came from; its secrets are gone, its id may come again.
    removed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Meta app")
        verbose_name_plural = _("Meta apps")
        constraints = [
            # Of each owner alone: who merely knows another's app id must not stand in the way.
            models.UniqueConstraint(
                fields=["tenant", "app_id"],
                condition=models.Q(removed_at__isnull=True),
                name="meta_app_id_unique",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(tenant__isnull=True),
                name="meta_app_one_platform",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PhoneRoute(models.Model):
    """Which tenant a number belongs to, and through which app its events may come."""

    phone_number_id = models.CharField(_("phone number id"), max_length=40, unique=True)
    waba_id = models.CharField(_("WABA id"), max_length=40)
    display_phone_number = models.CharField(_("number"), max_length=40)
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, verbose_name=_("tenant"), related_name="phone_routes"
    )
    app = models.ForeignKey(MetaApp, models.PROTECT, verbose_name=_("Meta app"), related_name="+")
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        # Serves events that name only the account.
        indexes = [models.Index(fields=["waba_id"], name="phone_route_waba")]

    def __str__(self) -> str:
        return self.display_phone_number


class WebhookDelivery(models.Model):
    """One POST as Meta signed it, with a count for each fate of its units."""

    class State(models.TextChoices):
        NEW = "NEW", _("New")
        DONE = "DONE", _("Done")

    app = models.ForeignKey(
        MetaApp, models.PROTECT, verbose_name=_("Meta app"), related_name="+", db_index=False
    )
    body = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    # What a bounded byte search finds first, where it may be one of the app's: for fairness and
    # search, never for routing.
    phone_number_id_hint = models.CharField(_("phone number id"), max_length=40, db_default="")
    received_at = models.DateTimeField(_("received at"), db_default=Now(), editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, db_default=State.NEW)
    attempts = models.PositiveSmallIntegerField(_("attempts"), db_default=0)
    processed_at = models.DateTimeField(_("processed at"), null=True)
    units_total = models.PositiveIntegerField(_("units"), db_default=0)
    units_stored = models.PositiveIntegerField(_("stored"), db_default=0)
    units_duplicate = models.PositiveIntegerField(_("duplicate"), db_default=0)
    units_placeholder = models.PositiveIntegerField(_("placeholder"), db_default=0)
    units_parked = models.PositiveIntegerField(_("parked"), db_default=0)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            # Serves the claim: what is new, oldest first.
            models.Index(fields=["id"], condition=models.Q(state="NEW"), name="delivery_new"),
            # Serves the claim out of a flood: of what is new, the oldest of each number.
            models.Index(
                fields=["app", "phone_number_id_hint", "id"],
                condition=models.Q(state="NEW"),
                name="delivery_new_of_number",
            ),
            # Serves the count of repeats of one body.
            models.Index(fields=["sha256"], name="delivery_sha256"),
            # Serves the ledger of a period, at next to no cost for the insert.
            BrinIndex(fields=["received_at"], name="delivery_received", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class PrunedBody(models.Model):
    """What is left of a delivery that was forgotten: its body is known when it comes again."""

    sha256 = models.BinaryField(max_length=32, primary_key=True)
    received_on = models.DateField()

    class Meta:
        # Serves forgetting the oldest.
        indexes = [models.Index(fields=["received_on"], name="pruned_body_day")]

    def __str__(self) -> str:
        return bytes(self.sha256).hex()


class LedgerDay(models.Model):
    """The sums of a day's deliveries that were forgotten, by app. Days are UTC's."""

    day = models.DateField()
    app = models.ForeignKey(MetaApp, models.PROTECT, related_name="+", db_index=False)
    received = models.BigIntegerField()
    units_total = models.BigIntegerField()
    units_stored = models.BigIntegerField()
    units_duplicate = models.BigIntegerField()
    units_placeholder = models.BigIntegerField()
    units_discarded = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "app"], name="ledger_day_once")]

    def __str__(self) -> str:
        return f"{self.day}"


class DeliveryClaim(models.Model):
    """What a worker has in its hands, committed before it looks inside.

    The worker holds the deliveries' row locks and removes this row together with them. So a row
    whose deliveries are not locked was left by a worker that died at its work.
    """

    delivery_ids = ArrayField(models.BigIntegerField())
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"#{self.pk}"


class ParkedUnit(models.Model):
    """A part of a delivery that could not be applied, with the reason and a way back."""

    class Reason(models.TextChoices):
        UNROUTED = "UNROUTED", _("Unknown number")
        HELD = "HELD", _("Tenant suspended")
        QUARANTINED = "QUARANTINED", _("Could not be read or stored")

    class State(models.TextChoices):
        PARKED = "PARKED", _("Parked")
        NEW = "NEW", _("To be replayed")
        DONE = "DONE", _("Replayed")
        DISCARDED = "DISCARDED", _("Discarded")

    delivery = models.ForeignKey(WebhookDelivery, models.PROTECT, related_name="parked")
    unit_index = models.PositiveIntegerField(_("place in the delivery"))
    # An event for a whole account goes to several tenants, and may be held for one of them only.
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, verbose_name=_("tenant"), related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    state = models.CharField(_("state"), max_length=20, choices=State, db_default=State.PARKED)
    field = models.CharField(_("field"), max_length=80, db_default="")
    phone_number_id = models.CharField(_("phone number id"), max_length=128, db_default="")
    error = models.CharField(
        _("error"), max_length=200, db_default=""
    )  # class and code, never the payload
    # Where somebody sent it, when its own number was nobody's: taken for its number in a replay.
    routed_to = models.CharField(_("sent on to number"), max_length=40, blank=True, db_default="")
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    resolved_at = models.DateTimeField(_("resolved at"), null=True)

    class Meta:
        verbose_name = _("parked unit")
        verbose_name_plural = _("parked units")
        constraints = [
            models.UniqueConstraint(
                "delivery",
                "unit_index",
                models.functions.Coalesce(
                    "tenant",
                    models.Value("00000000-0000-0000-0000-000000000000", models.UUIDField()),
                ),
                name="parked_unit_once",
            ),
        ]
        indexes = [
            # Serves the replay and the console's list of what still waits.
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["NEW", "PARKED"]),
                name="parked_unit_waiting",
            ),
            # Serves the search for what was held of tenants that are active again.
            models.Index(
                fields=["tenant"],
                condition=models.Q(state="PARKED", reason="HELD"),
                name="parked_unit_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} #{self.pk}"
