"""Nudges: each may be lost or run twice, and the sweeper finds what none of them reached."""

from django.utils import timezone

from conversations.services import delivery, fetching, inbound, marking, uploading
from conversations.services.broadcasts import feeding, intake
from conversations.services.hooks import delivering, relaying
from tenants import queue


@queue.platform_task
def process_deliveries() -> None:
    inbound.attend()


@queue.tenant_task
def drain_outbox(*, phone_id: int) -> None:
    delivery.drain(phone_id=phone_id)


@queue.tenant_task
def fetch_media() -> None:
    fetching.fetch()


@queue.tenant_task
def upload_media() -> None:
    uploading.upload()


@queue.tenant_task
def mark_read(*, conversation_id: int, up_to_id: int, typing: bool) -> None:
    marking.tell(conversation_id=conversation_id, up_to_id=up_to_id, typing=typing)


@queue.tenant_task
def run_broadcasts() -> None:
    feeding.run(now=timezone.now())


@queue.tenant_task
def prepare_broadcast(*, broadcast_id: int) -> None:
    intake.prepare(broadcast_id=broadcast_id)


@queue.tenant_task
def relay_changes() -> None:
    relaying.relay()


@queue.tenant_task
def deliver_hooks(*, endpoint_id: int) -> None:
    delivering.begin(endpoint_id=endpoint_id)
