"""The Celery app. Tasks are nudges: Postgres holds the work (see ARCHITECTURE.md)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from config import collector
from tenants import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("balcao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations", "whatsapp"])


@worker_ready.connect
def _spare_the_collector(**_: Any) -> None:
    collector.spare()


@worker_shutting_down.connect
def _take_no_more(**_: Any) -> None:
    stopping.ask()
