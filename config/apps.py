from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps
from django.core.exceptions import ImproperlyConfigured

from config import celery, keys
from tenants import crashing


class ConfigConfig(AppConfig):
    name = "config"
    # Makes the Celery app the current one: without it a task would go to Celery's default broker.
    celery_app = celery.app

    def ready(self) -> None:
        """Refuse to start with keys that anybody could know."""
        found = keys.problems(secret_key=settings.SECRET_KEY, field_keys=settings.FIELD_KEYS)
        if not settings.DEBUG and (sentences := "; ".join(found)):
            raise ImproperlyConfigured(sentences)
        crashing.arm(settings.CRASH_AT)


class ConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with a site of our own."""

    default = False  # named in the settings; "config" alone is the app above
    default_site = "config.console.ConsoleSite"
