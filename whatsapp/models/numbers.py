"""A business's numbers, and what its account says."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from whatsapp import findings
from whatsapp.findings import Grade

_WORST = (Grade.PROBLEM, Grade.WARNING, Grade.OK, Grade.SKIPPED, Grade.RUNNING)


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
    check_due_at = models.DateTimeField(null=True)  # null: nobody looks by himself
    last_webhook_at = models.DateTimeField(null=True)  # within half a minute
    read_policy = models.CharField(
        max_length=10,
        choices=ReadPolicy,
        default=ReadPolicy.ON_OPEN,
        db_default=ReadPolicy.ON_OPEN,
    )
    read_marks_failed = models.PositiveIntegerField(default=0, db_default=0)  # best effort: counted
    # Reported of messages that are not ours: another system sends by the same number.
    foreign_statuses = models.BigIntegerField(default=0, db_default=0)
    told = models.CharField(max_length=32, default="", db_default="", editable=False)  # see telling
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name or self.display_phone_number

    @property
    def facts_in_order(self) -> list["NumberFact"]:
        """What is known of it: what is wrong first, then in the order of the steps of a check."""
        places = {step: place for place, step in enumerate(findings.STEPS)}
        last = len(places)
        return sorted(
            self.facts.all(),
            key=lambda fact: (
                _WORST.index(Grade(fact.grade)),
                places.get(fact.matter, last),
                fact.matter,
            ),
        )

    @property
    def worries(self) -> list["NumberFact"]:
        """What is wrong with it, the worst first."""
        return [fact for fact in self.facts_in_order if fact.is_worry]

    @property
    def health_shown(self) -> str:
        """Its health; a number that was let go has none."""
        return self.health if self.is_connected else ""

    @property
    def health_label(self) -> str:
        return str(self.get_health_display() if self.is_connected else self.get_status_display())

    @property
    def is_connected(self) -> bool:
        return self.status == self.Status.ACTIVE


class NumberPace(models.Model):
    """What Meta taught us of how fast a number may send; no row: nothing yet."""

    phone = models.OneToOneField(
        Phone, models.CASCADE, primary_key=True, related_name="learnt_pace"
    )
    # Of the number's rate, as it was at ``slowed_at``: it recovers from then on.
    factor = models.FloatField(db_default=1.0)
    slowed_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)  # nothing goes before
    bulk_paused_until = models.DateTimeField(null=True)
    # From when on the number is free, where there is no Redis to ask.
    free_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.phone_id} {self.factor:.2f}"


class Outreach(models.Model):
    """A template on its way, or there, to somebody whose window was closed when it left.

    Meta lets a business write so to a number of people within 24 hours (see ``services.reach``).
    Who and which message are ids of the app above; rows are forgotten when the day is over.
    """

    message_id = models.BigIntegerField(primary_key=True)
    phone_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Serves the count of everybody of the last 24 hours, without reading the rows.
            models.Index(fields=["at"], include=["phone_id", "person_id"], name="outreach_recent"),
            # Serves the question whether somebody counts already.
            models.Index(fields=["person_id"], name="outreach_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.at}"


class NumberFact(models.Model):
    """The newest word on one matter of a number: its quality, its tier, its token, ...

    ``at`` is Meta's own time where Meta gave one: an older word that comes later changes nothing,
    in whatever order webhooks and checks arrive. What follows from all of them is Phone.health.
    """

    class Source(models.TextChoices):
        WEBHOOK = "WEBHOOK", _("WhatsApp told us")
        CHECK = "CHECK", _("Found by a check")
        CALL = "CALL", _("Found in a call")

    phone = models.ForeignKey(Phone, models.CASCADE, related_name="facts", db_index=False)
    matter = models.CharField(max_length=40)
    word = models.CharField(max_length=120)  # Meta's, mostly
    grade = models.CharField(max_length=10)  # a findings.Grade
    code = models.CharField(max_length=60)  # of a finding
    values = models.JSONField(default=dict, db_default={})  # fill the finding's sentences
    source = models.CharField(max_length=10, choices=Source)
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # Serves the write over an older word, and reads all that is known of a number.
            models.UniqueConstraint(fields=["phone", "matter"], name="number_fact_one"),
        ]

    def __str__(self) -> str:
        return f"{self.matter} {self.word}"

    @property
    def is_worry(self) -> bool:
        return self.grade in {Grade.PROBLEM, Grade.WARNING}

    @property
    def told(self) -> findings.Told:
        """What it says, in sentences of the active language."""
        row = {"step": self.matter, "state": self.grade, "code": self.code, "values": self.values}
        return findings.told(row, gettext)


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
