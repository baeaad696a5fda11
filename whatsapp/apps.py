from importlib import import_module

from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    name = "whatsapp"

    def ready(self) -> None:
        """Make the kinds of jobs known that nothing else asks for by name."""
        import_module("whatsapp.services.callback_jobs")
        import_module("whatsapp.services.signup_jobs")
