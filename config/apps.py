from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from config import celery


class ConfigConfig(AppConfig):
    name = "config"
    # Makes the Celery app the current one: without it a task would go to Celery's default broker.
    celery_app = celery.app


class ConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with a site of our own."""

    default = False  # named in the settings; "config" alone is the app above
    default_site = "config.console.ConsoleSite"
