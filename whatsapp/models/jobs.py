"""What waits for Meta."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from whatsapp import findings


class Job(models.Model):
    """Something that waits for Meta, done by a task, while people look at its progress."""

    class Kind(models.TextChoices):
        TEMPLATES_SYNC = "TEMPLATES_SYNC", _("Fetch the templates")
        TEMPLATE_CREATE = "TEMPLATE_CREATE", _("Create a template")
        TEMPLATE_EDIT = "TEMPLATE_EDIT", _("Edit a template")
        TEMPLATE_DELETE = "TEMPLATE_DELETE", _("Delete a template")
        NUMBER_CONNECT = "NUMBER_CONNECT", _("Connect a number")
        NUMBER_CHECK = "NUMBER_CHECK", _("Check a number")
        NUMBER_TOKEN = "NUMBER_TOKEN", _("Replace a number's token")
        PROFILE_READ = "PROFILE_READ", _("Read a number's profile")
        PROFILE_EDIT = "PROFILE_EDIT", _("Change a number's profile")
        CALLBACK_SET = "CALLBACK_SET", _("Set a callback address")
        CALLBACK_REMOVE = "CALLBACK_REMOVE", _("Remove a callback address")
        CONTACT_BLOCK = "CONTACT_BLOCK", _("Block a contact")
        CONTACT_UNBLOCK = "CONTACT_UNBLOCK", _("Unblock a contact")
        BLOCKS_READ = "BLOCKS_READ", _("Read who is blocked")
        SIGNUP = "SIGNUP", _("Finish a sign-up at Meta")

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("Queued")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")

    kind = models.CharField(max_length=40)  # a Kind; more of them need no migration
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    subject = models.CharField(max_length=40)  # what it is about: a WABA id, a phone_number_id
    arguments = models.JSONField(default=dict)
    # A token that is stored nowhere yet, a PIN: for this job alone, wiped when it ends.
    secret_sealed = models.TextField(editable=False, blank=True, default="", db_default="")
    steps = models.JSONField(default=list, db_default=[])  # [{step, state, code, values}]
    is_single = models.BooleanField(default=False, db_default=False)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)  # null while nobody knows
    error_code = models.IntegerField(null=True)  # Meta's
    error = models.CharField(max_length=500, blank=True, default="")
    result = models.JSONField(null=True)
    author = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", db_index=False
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)  # whoever runs it is taken for dead after that
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Serves "Sync now" twice: the one that waits is enough.
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(is_single=True, state="QUEUED"),
                name="job_one_waits",
            ),
        ]
        indexes = [
            # Serves the sweeper, which looks for what no nudge reached.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["QUEUED", "RUNNING"]),
                name="job_unfinished",
            ),
            # Serves "the newest job of this kind about that".
            models.Index(fields=["kind", "subject", "-id"], name="job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}

    @property
    def title(self) -> str:
        return str(dict(self.Kind.choices).get(self.kind, self.kind))

    @property
    def told_error(self) -> str:
        """What went wrong: our sentences in the active language, Meta's as they are."""
        return gettext(self.error) if self.error else ""

    @property
    def told_steps(self) -> list[findings.Told]:
        """Its steps, in sentences of the active language."""
        return [findings.told(row, gettext) for row in self.steps]
