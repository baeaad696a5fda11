"""Nudges: each may be lost or run twice, and the sweeper finds what none of them reached."""

from django.utils import timezone

from tenants import queue
from tenants.services import mail


@queue.platform_task
def send_mail() -> None:
    mail.send(now=timezone.now())
