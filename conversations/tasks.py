"""Nudges: each may be lost or run twice, and the sweeper finds what none of them reached."""

from conversations.services import inbound
from tenants import queue


@queue.platform_task
def process_deliveries() -> None:
    inbound.process_deliveries(keep_sessions=True)
