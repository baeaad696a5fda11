"""The door for Meta's events: verify, store, answer 200. Nothing here imports Django."""

from whatsapp.webhooks.ingest.app import IngestApp

__all__ = ["IngestApp"]
