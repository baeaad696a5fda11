"""One template to many people: what was asked for, to whom, and what became of each."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import types
from conversations.models.people import ContactIdentity
from tenants.models import ApiKey, User
from whatsapp.models import MediaFile, MessageTemplate, Phone


class Broadcast(models.Model):
    """A template that goes from one number to everybody on a list, each of them once."""

    class Status(models.TextChoices):
        PREPARING = "PREPARING", _("Reading the list")
        DRAFT = "DRAFT", _("Ready to start")
        RUNNING = "RUNNING", _("Running")
        PAUSED = "PAUSED", _("Paused")
        FINISHED = "FINISHED", _("Finished")
        CANCELLED = "CANCELLED", _("Cancelled")

    class PauseReason(models.TextChoices):
        PERSON = "PERSON", _("Somebody paused it.")
        FAILURES = "FAILURES", _("Too many of its messages failed.")
        QUALITY = "QUALITY", _("The quality of the number or of the template fell.")
        TEMPLATE = "TEMPLATE", _("WhatsApp no longer approves the template.")
        AUTHOR = "AUTHOR", _("Whoever started it may no longer send.")

    class Wait(models.TextChoices):
        """Why nothing is handed over while it runs; it goes on by itself."""

        NUMBER = "NUMBER", _("The number has to be switched on or reconnected.")
        PACE = "PACE", _("WhatsApp asked this number to hold bulk messages back.")
        LIMIT = "LIMIT", _("WhatsApp lets this number write first to no more people for now.")
        QUOTA = "QUOTA", _("The messages of this month's plan are used up.")
        BACKLOG = "BACKLOG", _("What comes in is taken in first.")

    name = models.CharField(max_length=120)
    phone = models.ForeignKey(Phone, models.PROTECT, related_name="+", db_index=False)
    template = models.ForeignKey(MessageTemplate, models.PROTECT, related_name="+", db_index=False)
    # What fills the template, by the keys of rendering.fields: {key: {"text": ...}} for everybody,
    # or {key: {"column": ...}} from each one's row.
    values = models.JSONField(default=dict, db_default={})
    # Our file in the header of each message, where the values name one.
    media = models.ForeignKey(
        MediaFile, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    number_column = models.CharField(max_length=120, blank=True, default="", db_default="")
    client_id = models.UUIDField(null=True)  # made by the page or for the API's Idempotency-Key
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PREPARING)
    pause_reason = models.CharField(
        max_length=12, choices=PauseReason, blank=True, default="", db_default=""
    )
    waiting_for = models.CharField(
        max_length=12, choices=Wait, blank=True, default="", db_default=""
    )
    waits_until = models.DateTimeField(null=True)  # about; null: nobody knows
    look_at = models.DateTimeField(null=True)  # not fed before: nothing will have changed
    problem = models.CharField(max_length=500, blank=True, default="", db_default="")  # of its list
    starts_when_ready = models.BooleanField(default=False, db_default=False)
    total = models.PositiveIntegerField(default=0, db_default=0)  # rows of the list, read so far
    lease_until = models.DateTimeField(null=True)  # whoever reads it is taken for dead after that
    # How often somebody began to read it and did not come to an end.
    list_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    counts = models.JSONField(default=dict, db_default={})  # rows by state, as last told
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    # What it is judged by: failures since the last start or resume, and Meta's grades of then.
    judged_at = models.DateTimeField(null=True)
    number_quality = models.CharField(max_length=20, blank=True, default="", db_default="")
    template_quality = models.CharField(max_length=20, blank=True, default="", db_default="")
    finished_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)  # when a count last differed from the one before
    count_at = models.DateTimeField(null=True)  # when to count again; null: nothing will change

    class Meta:
        constraints = [
            # Serves double clicks and repeated API calls.
            models.UniqueConstraint(fields=["client_id"], name="broadcast_client_id_unique"),
        ]
        indexes = [
            # Serve the sweeper: what somebody has to go on with, and what is to be counted.
            models.Index(
                fields=["status"],
                condition=models.Q(status__in=["PREPARING", "RUNNING"]),
                name="broadcast_alive",
            ),
            models.Index(
                fields=["count_at"],
                condition=models.Q(count_at__isnull=False),
                name="broadcast_count_due",
            ),
            # Serves who may see a file, and what of uploads is still needed.
            models.Index(
                fields=["media"],
                condition=models.Q(media__isnull=False),
                name="broadcast_media",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state_told(self) -> str:
        """Its status in words; a draft without rows is not ready for anything."""
        if self.status == self.Status.DRAFT and not self.total:
            return str(_("Not ready yet"))
        return str(self.get_status_display())

    @property
    def problem_told(self) -> str:
        """Its problem in the active language, unless the sentence names a line of the list."""
        return gettext(self.problem) if self.problem else ""

    @property
    def is_over(self) -> bool:
        return self.status in {self.Status.FINISHED, self.Status.CANCELLED}

    def waits(self, reason: str = "", *, until: datetime | None = None) -> None:
        """Say what it waits for, and until when; without a reason it waits for nothing."""
        self.waiting_for, self.waits_until, self.look_at = reason, until, None

    @property
    def is_moving(self) -> bool:
        """Whether a page that shows it should look again by itself."""
        on_their_way = any(self.counts.get(state) for state in ("PENDING", "SENDING", "UNKNOWN"))
        return on_their_way or self.status in {self.Status.PREPARING, self.Status.RUNNING}


class BroadcastSource(models.Model):
    """The list as it was handed in; gone with the transaction that made recipients of it."""

    class Kind(models.TextChoices):
        FILE = "FILE"  # CSV, as uploaded
        CONTACTS = "CONTACTS"  # a filter of the contacts, as JSON
        LIST = "LIST"  # what the API was given, as JSON

    broadcast = models.OneToOneField(Broadcast, models.CASCADE, related_name="source")
    kind = models.CharField(max_length=10, choices=Kind)
    body = models.BinaryField()

    def __str__(self) -> str:
        return self.kind


class BroadcastRecipient(models.Model):
    """One row of the list, and what became of it."""

    class State(models.TextChoices):
        READY = "READY", _("Not sent yet")
        SKIPPED = "SKIPPED", _("Left out")
        QUEUED = "QUEUED", _("Handed over")  # from here on its message says what became of it

    class Reason(models.TextChoices):
        """Why somebody was left out."""

        INVALID_NUMBER = "INVALID_NUMBER", _("This is no telephone number.")
        DUPLICATE = "DUPLICATE", _("The same person stands on the list already.")
        MISALIGNED = "MISALIGNED", _("The row has more cells than the first line has columns.")
        INVALID_VALUE = "INVALID_VALUE", _("WhatsApp would refuse a value.")
        OPTED_OUT = "OPTED_OUT", _("This customer wants no marketing.")
        BLOCKED = "BLOCKED", _("This customer is blocked.")

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="recipients", db_index=False
    )
    position = models.PositiveIntegerField()  # from 1, as the list has it
    address = models.CharField(max_length=150)  # as it was written
    kind = models.CharField(max_length=20, choices=ContactIdentity.Kind)
    value = models.CharField(max_length=150)  # as WhatsApp writes it
    match_key = models.CharField(max_length=150)  # empty: no number
    values = models.JSONField(default=dict, db_default={})  # by the template's keys
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    reason = models.CharField(max_length=20, choices=Reason, blank=True, default="", db_default="")
    problem = models.JSONField(null=True)  # of a value, see types.problem_kept
    first_position = models.PositiveIntegerField(null=True)  # of a DUPLICATE: who came first
    # The newest attempt; its conversation is where the person is found, also after merges.
    message = models.OneToOneField(
        "conversations.Message", models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            # Serves "each of them once", however the number is written and whoever imports it.
            models.UniqueConstraint(
                fields=["broadcast", "kind", "match_key"],
                condition=~models.Q(state="SKIPPED"),
                name="recipient_unique",
            ),
            # Serves the list in its order.
            models.UniqueConstraint(fields=["broadcast", "position"], name="recipient_position"),
        ]
        indexes = [
            # Serves the feeder, and the counts of what was not handed over.
            models.Index(
                fields=["broadcast", "position"],
                condition=models.Q(state="READY"),
                name="recipient_ready",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.position} {self.state}"

    @property
    def why_left_out(self) -> str:
        """Why nothing is sent, in the active language; empty where something is."""
        told = types.problem_told(self.problem)
        return " ".join(filter(None, (str(self.get_reason_display()), told, self.who_came_first)))

    @property
    def who_came_first(self) -> str:
        """Which row the same person has already, in the active language; empty where none has."""
        if self.first_position is None:
            return ""
        return str(_("Row %(row)d came first.") % {"row": self.first_position})
