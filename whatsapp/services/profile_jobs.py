"""The jobs about business profiles: read one, change one."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from whatsapp.client import profile as edge
from whatsapp.models import BusinessProfile, Job, Phone
from whatsapp.services import jobs, kinds
from whatsapp.services.kinds import JobKind, Work

# Somebody may change it in WhatsApp Manager, and pages show what we keep.
RENEW_AFTER = timedelta(days=1)
# After one that failed.
AGAIN_AFTER = timedelta(hours=6)
_AT_ONCE = 5


def renew(*, now: datetime) -> None:
    """Read the profiles that are not known, or have not been looked at for a day."""
    lately = Job.objects.filter(
        kind=Job.Kind.PROFILE_READ, created_at__gt=now - AGAIN_AFTER
    ).values("subject")
    working = Phone.objects.filter(status=Phone.Status.ACTIVE).exclude(
        Q(health=Phone.Health.AUTH_ERROR) | Q(phone_number_id__in=lately)
    )
    stale = working.filter(Q(profile=None) | Q(profile__read_at__lt=now - RENEW_AFTER))
    for phone in stale.order_by("pk")[:_AT_ONCE]:
        jobs.start(
            author=None,
            kind=Job.Kind.PROFILE_READ,
            subject=phone.phone_number_id,
            arguments={"phone": phone.pk},
            single=True,
        )


def _read(work: Work) -> None:
    phone_id = work.job.arguments["phone"]
    found = edge.read(work.number(phone_id), phone_number_id=work.job.subject)
    BusinessProfile.objects.update_or_create(
        phone_id=phone_id,
        defaults={
            "about": found.about,
            "address": found.address,
            "description": found.description,
            "email": found.email,
            "websites": list(found.websites),
            "vertical": found.vertical[:40],
            "picture_url": found.picture_url,
            "read_at": timezone.now(),
        },
    )


def _edit(work: Work) -> None:
    arguments = work.job.arguments
    client = work.number(arguments["phone"])
    newer = _changed_since(work.job)
    changes = {name: it for name, it in arguments["changes"].items() if name not in newer}
    if changes:
        edge.write(client, phone_number_id=work.job.subject, changes=changes)
    _read(work)


def _changed_since(job: Job) -> set[str]:
    """Return what newer changes name: a change that had to wait must not undo them."""
    newer = Job.objects.filter(kind=job.kind, subject=job.subject, pk__gt=job.pk)
    told = newer.exclude(state=Job.State.FAILED).values_list("arguments", flat=True)
    return {name for arguments in told for name in arguments["changes"]}


kinds.register(
    JobKind(Job.Kind.PROFILE_READ, _read),
    JobKind(Job.Kind.PROFILE_EDIT, _edit),
)
