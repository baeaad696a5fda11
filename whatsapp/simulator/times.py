"""Times as the Graph API writes them."""

from datetime import UTC, datetime


def as_meta_writes(seconds: float) -> str:
    """Return unix seconds as 2026-01-05T12:00:00+0000."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
