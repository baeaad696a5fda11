"""The Celery app. Tasks are nudges: Postgres holds the work (see ARCHITECTURE.md)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from config import collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("balcao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations", "whatsapp"])


@worker_ready.connect
def _spare_the_collector(**_: Any) -> None:
    collector.spare()
