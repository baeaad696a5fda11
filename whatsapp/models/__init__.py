"""What one tenant knows of its numbers (tenant schema)."""

from whatsapp.models.jobs import Job
from whatsapp.models.media import THUMBNAIL_PIXELS, MediaFile, MediaUpload
from whatsapp.models.numbers import AccountEvent, NumberFact, NumberPace, Outreach, Phone
from whatsapp.models.profiles import BusinessProfile
from whatsapp.models.templates import MessageTemplate

__all__ = [
    "THUMBNAIL_PIXELS",
    "AccountEvent",
    "BusinessProfile",
    "Job",
    "MediaFile",
    "MediaUpload",
    "MessageTemplate",
    "NumberFact",
    "NumberPace",
    "Outreach",
    "Phone",
]
