"""The Celery app. Tasks are nudges: Postgres holds the work (see ARCHITECTURE.md)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down
from kombu.transport import redis

from config import collector
from tenants import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class _QoS(redis.QoS):
    """Of a channel whose connection is gone: what it had taken is handed back by nobody.

    kombu's own asks the lost connection for its address, and the error ends the worker. What the
    nudges were about is in Postgres, and the sweeper finds it.
    """

    def restore_unacked(self, client: Any = None) -> None:
        try:
            if self.channel.connection.client is not None:
                super().restore_unacked(client)
        finally:
            self._delivered.clear()  # type: ignore[attr-defined] # kombu's stub has it as None


redis.Channel.QoS = _QoS
app = Celery("balcao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations", "whatsapp", "tenants"])


@worker_ready.connect
def _spare_the_collector(**_: Any) -> None:
    collector.spare()


@worker_shutting_down.connect
def _take_no_more(**_: Any) -> None:
    stopping.ask()
