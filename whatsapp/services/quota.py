"""How much a tenant may still keep."""

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from tenants import context
from whatsapp.models import MediaFile

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def hold() -> None:
    """Let nobody else of the current tenant add a file until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"{context.current_schema()}|media-quota"])


def bytes_left() -> int:
    """Return how many bytes of files the current tenant may add; may be negative."""
    stored = MediaFile.objects.filter(state=MediaFile.State.STORED)
    used: int = stored.aggregate(total=Sum("size_bytes"))["total"] or 0
    return settings.MEDIA_QUOTA_BYTES - used
