"""Messages with files, as fetching leaves them."""

from datetime import timedelta
from uuid import uuid4

from django.core.files.base import ContentFile
from django.utils import timezone

from conversations.models import Conversation, Message
from tests.conversations.inboxes import add
from whatsapp.models import MediaFile
from whatsapp.services import files, pictures
from whatsapp.sniffing import sniff


def stored(
    tenant,
    conversation: Conversation,
    data: bytes,
    *,
    kind: str = "IMAGE",
    declared: str = "",
    name: str = "",
    content: dict | None = None,
    **fields,
) -> Message:
    """Add a message whose file is here already; in the tenant's context."""
    mime_type = sniff(data, declared)
    picture = pictures.read(ContentFile(data), mime_type)
    media = MediaFile.objects.create(
        phone=conversation.phone,
        media_id="1000000000000001",
        key=uuid4(),
        name=name,
        mime_declared=declared,
        mime_type=mime_type,
        size_bytes=len(data),
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        has_thumbnail=picture is not None,
        **{"state": "STORED", "expires_at": timezone.now() + timedelta(days=7), **fields},
    )
    if media.is_stored:
        thumbnail = picture.thumbnail if picture else None
        files.save(
            tenant_id=tenant.pk, key=media.key, source=ContentFile(data), thumbnail=thumbnail
        )
    content = {"id": media.media_id, "mime_type": declared, **(content or {})}
    return add(conversation, "", type=kind, content=content, media=media)
