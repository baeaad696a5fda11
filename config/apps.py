from django.apps import AppConfig

from config import celery


class ConfigConfig(AppConfig):
    name = "config"
    # Keeps the Celery app alive as the current one: without it a task would go to Celery's default broker.
    celery_app = celery.app
