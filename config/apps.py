from django.apps import AppConfig

from config import celery


class ConfigConfig(AppConfig):
    name = "config"
    # Makes the Celery app the current one: without it a task would go to Celery's default broker.
    celery_app = celery.app
