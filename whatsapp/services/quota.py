"""How much a tenant may still keep."""

from django.conf import settings
from django.db.models import Sum

from whatsapp.models import MediaFile


def bytes_left() -> int:
    """Return how many bytes of files the current tenant may add; may be negative."""
    stored = MediaFile.objects.filter(state=MediaFile.State.STORED)
    used: int = stored.aggregate(total=Sum("size_bytes"))["total"] or 0
    return settings.MEDIA_QUOTA_BYTES - used
