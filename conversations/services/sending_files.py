"""Send what somebody picks, pastes or drops: kept first, then queued, in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID, uuid5

from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Message
from conversations.services import outbound
from conversations.services.template_sending import HEADER_FILE, ValuesInvalidError
from tenants.errors import DomainError
from tenants.permissions import Actor
from whatsapp.limits import media
from whatsapp.models import MediaFile, MessageTemplate
from whatsapp.services import keeping
from whatsapp.services.keeping import FileRefusedError, StorageFullError

_WITH_CAPTION = frozenset({"image", "video", "document"})


class NoFileError(DomainError):
    code = "file_missing"
    http_status = 400
    message = _("Choose a file first.")


class CaptionError(DomainError):
    code = "caption_refused"
    http_status = 400
    message = _("Audio and stickers carry no text: send it as a message of its own.")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as a browser sends it; its name and type are only what somebody says."""

    source: IO[bytes]
    name: str
    declared: str


def send(
    *,
    actor: Actor,
    conversation: Conversation,
    incoming: Sequence[Incoming],
    client_id: UUID,
    now: datetime,
    caption: str = "",
    as_document: bool = False,
    as_voice: bool = False,
    reply_to: Message | None = None,
    seen_message_id: int | None = None,
    force: bool = False,
) -> list[Message]:
    """Queue files in their order; the caption goes with the first, and so does the quote.

    Nothing is queued unless all of them will do. Each is queued by itself (the change counter is
    locked last): should the number be let go in between, the same ``client_id`` again sends the
    rest, and nothing twice.

    Raises: ForbiddenError, NoFileError, CaptionError, FileRefusedError, StorageFullError, and what
    ``outbound.send_message`` raises.
    """
    outbound.check_place(actor=actor)
    outbound.check_sendable(conversation, now)
    if not incoming:
        raise NoFileError
    kind = "document" if as_document else ""
    kept = [
        keeping.keep(
            actor=actor, source=one.source, name=one.name, declared=one.declared, kind=kind
        )
        for one in incoming
    ]
    kinds = [kind or media.kind_of(file.mime_type) for file in kept]
    contents = [_content(*one, as_voice=as_voice) for one in zip(kept, kinds, strict=True)]
    if caption.strip():
        if kinds[0] not in _WITH_CAPTION:
            raise CaptionError
        contents[0]["caption"] = caption
    sent: list[Message] = []
    for index, (one, content) in enumerate(zip(kinds, contents, strict=True)):
        message = outbound.send_message(
            actor=actor,
            conversation=conversation,
            kind=one,
            content=content,
            client_id=uuid5(client_id, str(index)) if index else client_id,
            now=now,
            reply_to=None if index else reply_to,
            seen_message_id=seen_message_id,
            force=force or index > 0,  # they leave together
        )
        sent.append(message)
    return sent


def keep_header(*, actor: Actor, template: MessageTemplate, incoming: Incoming) -> MediaFile:
    """Keep a file for the header of a template. Raises: ForbiddenError, ValuesInvalidError."""
    try:
        return keeping.keep(
            actor=actor,
            source=incoming.source,
            name=incoming.name,
            declared=incoming.declared,
            kind=template.definition.header_format.lower(),
        )
    except (FileRefusedError, StorageFullError) as refusal:
        place = ("values", HEADER_FILE)
        raise ValuesInvalidError(errors=[(place, str(refusal), refusal.code)]) from None


def _content(file: MediaFile, kind: str, *, as_voice: bool) -> dict[str, Any]:
    is_voice = as_voice and kind == "audio"
    return {"media": file.pk, **({"voice": True} if is_voice else {})}
