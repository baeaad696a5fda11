"""People, under which names WhatsApp knows them, and what they allow (tenant schema)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import User


class Contact(models.Model):
    """A person, not a number: identities say how WhatsApp names them."""

    name = models.CharField(max_length=200, blank=True, default="")  # what an operator wrote
    profile_name = models.CharField(max_length=200, blank=True, default="")  # what WhatsApp says
    # The newest Meta timestamp that a profile name came with: an older event never renames.
    profile_at = models.DateTimeField(null=True)
    # Of the newest word on it in the ledger, if that is a stop: no marketing may be sent.
    marketing_opted_out_at = models.DateTimeField(null=True)
    # What the tenant keeps of people, by the keys of its ContactAttribute rows.
    attributes = models.JSONField(
        default=dict, db_default=models.Value({}, output_field=models.JSONField())
    )
    # The contact that was found to be the same person; this row has no identities any more.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            # Serves the list, newest first, by keyset.
            models.Index(fields=["-created_at", "-id"], name="contact_newest"),
            # Serves merging: whatever led to the contact that goes leads to the one that stays.
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="contact_merged",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.profile_name or str(self.pk)

    @property
    def opt_out(self) -> "ConsentEvent | None":
        """The newest word on marketing, if that is a stop. No query for all others."""
        if self.marketing_opted_out_at is None:
            return None
        stops = self.consent_events.filter(
            kind=ConsentEvent.Kind.MARKETING,
            value=ConsentEvent.Value.STOP,
            provider_at=self.marketing_opted_out_at,
        )
        return stops.order_by("pk").first()


class ContactAttribute(models.Model):
    """Something that a tenant keeps of its contacts, of its own choosing."""

    class Kind(models.TextChoices):
        TEXT = "TEXT", _("Text")
        NUMBER = "NUMBER", _("Number")
        DATE = "DATE", _("Date")
        BOOLEAN = "BOOLEAN", _("Yes or no")
        CHOICE = "CHOICE", _("One of a list")

    key = models.CharField(max_length=40, unique=True)  # as programs call it; never changes
    label = models.CharField(max_length=80)  # as people read it
    kind = models.CharField(max_length=10, choices=Kind)
    choices = models.JSONField(default=list)  # of a CHOICE
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.label


class ContactIdentity(models.Model):
    """One of WhatsApp's names for a contact."""

    class Kind(models.TextChoices):
        WA_ID = "WA_ID"
        BSUID = "BSUID"
        PARENT_BSUID = "PARENT_BSUID"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=150)  # as Meta wrote it
    match_key = models.CharField(max_length=150)  # without the digit that Meta may add or drop

    class Meta:
        constraints = [
            # Serves finding one person under every spelling, also when two first messages race.
            models.UniqueConstraint(
                fields=["kind", "match_key"],
                condition=~models.Q(kind="PARENT_BSUID"),
                name="identity_unique",
            ),
            # A parent's id is noted on everybody who came with it: it finds, and never merges.
            models.UniqueConstraint(
                fields=["kind", "match_key", "contact"],
                condition=models.Q(kind="PARENT_BSUID"),
                name="identity_parent_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class IdentityMove(models.Model):
    """A person got a new number or user id: what came under the old one until then is theirs.

    Kept for ever, because an event of before may come after. Later the old one is somebody else's.
    """

    kind = models.CharField(max_length=20, choices=ContactIdentity.Kind)
    match_key = models.CharField(max_length=150)
    moved_at = models.DateTimeField()  # Meta's
    new_match_key = models.CharField(max_length=150)
    new_value = models.CharField(max_length=150)

    class Meta:
        constraints = [
            # Serves "once", and the look-up of where a name led at a time.
            models.UniqueConstraint(
                fields=["kind", "match_key", "moved_at"], name="identity_move_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.match_key} -> {self.new_match_key}"


class ConsentEvent(models.Model):
    """What a person said about being written to; never changed, and the newest counts."""

    class Kind(models.TextChoices):
        MARKETING = "MARKETING", _("Marketing")

    class Value(models.TextChoices):
        STOP = "STOP", _("Stopped")
        RESUME = "RESUME", _("Allowed again")
        SIGNUP = "SIGNUP", _("Signed up")

    class Source(models.TextChoices):
        USER_PREFERENCES = "USER_PREFERENCES", _("in the settings of WhatsApp")
        KEYWORD = "KEYWORD", _("by a message")
        BUTTON = "BUTTON", _("by a button")
        STATUS = "STATUS", _("told by WhatsApp when a message failed")
        OPERATOR = "OPERATOR", _("noted by the team")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consent_events")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.MARKETING)
    value = models.CharField(max_length=10, choices=Value)
    source = models.CharField(max_length=20, choices=Source)
    provider_at = models.DateTimeField()  # Meta's; ours for what an operator noted
    wamid = models.CharField(max_length=200, blank=True, default="")  # of the message, if any
    note = models.CharField(max_length=300, blank=True, default="", db_default="")  # an operator's
    # What makes it the same when it comes again: of a message or of a webhook.
    key = models.CharField(max_length=260)
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # Serves "once", however often Meta brings it.
            models.UniqueConstraint(fields=["key"], name="consent_event_unique"),
        ]
        indexes = [
            # Serves the newest word of a person.
            models.Index(fields=["contact", "kind", "-provider_at"], name="consent_event_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.value} {self.source}"
