from importlib import import_module

from django.apps import AppConfig

FOLLOWER = "conversations.tasks.relay_changes"


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        """Make known what stands above those who use it: kinds of jobs, and webhooks."""
        import_module("conversations.services.block_jobs")
        import_module("conversations.serializers.hooks")
        import_module("tenants.feed.following").by(FOLLOWER)
