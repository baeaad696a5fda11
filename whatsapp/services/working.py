"""Run jobs. Reached from tasks and the sweeper only: everything here waits for Meta.

A job is claimed, and that committed, before Meta is called; a claim whose worker died runs out and
the job is run once more, so every kind must bear that.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from tenants import context, queue, secrets
from tenants.models import Tenant
from whatsapp import findings
from whatsapp.errors import CloudApiError, MaybeSentError, NotSentError, TokenError
from whatsapp.findings import Grade
from whatsapp.models import Job
from whatsapp.services import doctor, kinds, profile_jobs, template_jobs
from whatsapp.services.kinds import LEASE, NoTokenError, StepFailedError, Work

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 5
WAIT_MAX = timedelta(minutes=30)
# What is due for so long was reached by no nudge: it is done beside the sweeper, one at a time.
OVERDUE = timedelta(seconds=15)
_slot = threading.Semaphore(1)
# Stored in English, translated when shown.
NO_NUMBER = _("No number of this account is connected.")
BROKE_OFF = _("The job broke off again and again.")
OUTDATED = _("Something newer was asked for, and this was left out.")


def run(*, job_id: int) -> None:
    """Run one job of the current tenant, unless another worker has it. Safe to repeat."""
    job = _claim(job_id, timezone.now())
    if job is None:
        return
    if job.attempts > ATTEMPTS_MAX:
        _fail(job, BROKE_OFF)
        return
    if _is_outdated(job):
        _finish(job, state=Job.State.FAILED, error=OUTDATED)
        return
    _run(Work(job, Tenant.objects.get(schema_name=context.current_schema())))


def _is_outdated(job: Job) -> bool:
    newer = Job.objects.filter(subject=job.subject, pk__gt=job.pk).exclude(state=Job.State.FAILED)
    rivals = kinds.of(job.kind).outdated_by
    return bool(rivals) and newer.filter(kind__in=rivals).exists()


def sweep() -> None:
    """Take care of what no nudge reached, and of what is to be looked at again."""
    now = timezone.now()
    template_jobs.renew(now=now)
    doctor.renew(now=now)
    profile_jobs.renew(now=now)
    for job in Job.objects.filter(_due(now)).order_by("due_at")[:10]:
        if now - job.due_at > OVERDUE:
            _begin_beside(job)
            return
        queue.enqueue("whatsapp.tasks.run_job", job_id=job.pk)


def _begin_beside(job: Job) -> None:
    """Let nobody wait for Meta's silence, nor for an event that only the sweeper may take in."""
    if _slot.acquire(blocking=False):
        names = (context.current_schema(), job.pk)
        threading.Thread(target=_beside, args=names, name="jobs", daemon=True).start()


def _beside(schema: str, job_id: int) -> None:
    try:
        with context.tenant(schema):
            run(job_id=job_id)
    except Exception:
        # The border of the thread: its lease runs out, and the sweeper comes by again.
        logger.exception("job %s of %s failed", job_id, schema)
    finally:
        context.leave()
        connection.close()
        _slot.release()


def _run(work: Work) -> None:
    job = work.job
    try:
        kinds.of(job.kind).run(work)
    except (NoTokenError, secrets.SealBrokenError):
        _fail(job, NO_NUMBER)
    except StepFailedError as error:
        _fail(job, error.sentence, error.code)
    except TokenError as error:
        if work.phone is not None:
            work.refuse_token(work.phone)
        _fail(job, error.detail, error.code)
    except MaybeSentError as error:
        _doubt(work, error)
    except NotSentError as error:
        _later(job, error)
    except CloudApiError as error:
        _fail(job, error.detail, error.code)
    else:
        _finish(job, state=Job.State.DONE)


def _due(now: datetime) -> Q:
    waits = Q(state=Job.State.QUEUED, due_at__lte=now)
    return waits | Q(state=Job.State.RUNNING, lease_until__lte=now)


def _claim(job_id: int, now: datetime) -> Job | None:
    # Rival: another worker with the same nudge; exactly one of them changes the row.
    claimed = Job.objects.filter(_due(now), pk=job_id).update(
        state=Job.State.RUNNING,
        lease_until=now + LEASE,
        attempts=F("attempts") + 1,
        done=0,
        total=None,
        steps=[],
    )
    return Job.objects.get(pk=job_id) if claimed else None


# --- how they end ---------------------------------------------------------------------------------
def _doubt(work: Work, error: MaybeSentError) -> None:
    """Repeat what may be repeated."""
    doubted = kinds.of(work.job.kind).doubted
    if doubted is None:
        _later(work.job, error)
        return
    doubted(work)
    _fail(work.job, error.detail, error.code)


def _later(job: Job, error: CloudApiError) -> None:
    """Try again in a while: limits pass."""
    if job.attempts >= ATTEMPTS_MAX:
        _fail(job, error.detail, error.code)
        return
    seconds = error.retry_after_seconds or 5.0 * 4 ** (job.attempts - 1)
    # A newer one may be waiting by now, and of these one waits at most.
    rivals = Job.objects.filter(kind=job.kind, subject=job.subject, state=Job.State.QUEUED)
    if job.is_single and rivals.exists():
        _fail(job, error.detail, error.code)
        return
    job.state, job.lease_until = Job.State.QUEUED, None
    job.due_at = timezone.now() + min(timedelta(seconds=seconds), WAIT_MAX)
    job.error, job.error_code = error.detail[:500], error.code
    _break_off(job, "unreachable", error.detail)
    job.save(update_fields=["state", "lease_until", "due_at", "error", "error_code", "steps"])


def _fail(job: Job, detail: str, code: int | None = None) -> None:
    logger.warning("job %s (%s) failed: code %s", job.pk, job.kind, code)
    _break_off(job, findings.of_error(code), detail)
    with transaction.atomic():
        _finish(job, state=Job.State.FAILED, error=detail[:500], error_code=code)
        failed = kinds.of(job.kind).failed
        if failed is not None:
            failed(job)


def _break_off(job: Job, code: str, detail: str) -> None:
    """Let the step that was under way say why it did not end."""
    for step in job.steps:
        if step["state"] == Grade.RUNNING:
            step |= {"state": Grade.PROBLEM.value, "code": code, "values": {"detail": detail[:200]}}


def _finish(job: Job, *, state: str, error: str = "", error_code: int | None = None) -> None:
    job.state, job.error, job.error_code = state, error, error_code
    job.lease_until, job.finished_at, job.secret_sealed = None, timezone.now(), ""
    job.save(
        update_fields=[
            *("state", "error", "error_code", "lease_until", "finished_at"),
            *("result", "secret_sealed", "steps"),
        ]
    )
