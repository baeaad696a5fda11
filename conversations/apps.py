from importlib import import_module

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        """Make the kinds of jobs known that are about people."""
        import_module("conversations.services.block_jobs")
