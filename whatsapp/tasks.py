"""Nudges: each may be lost or run twice, and the sweeper finds what none of them reached."""

from tenants import queue
from whatsapp.services import working


@queue.tenant_task
def run_job(*, job_id: int) -> None:
    working.run(job_id=job_id)


@queue.tenant_task
def run_urgent_job(*, job_id: int) -> None:
    working.run(job_id=job_id)
