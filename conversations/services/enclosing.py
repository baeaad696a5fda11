"""The file of a message that is to be sent: it has to be there, and of a kind that Meta takes."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from conversations import selectors
from conversations.models import Message
from conversations.services.composing import InvalidMessageError
from tenants import queue
from tenants.errors import NotFoundError
from tenants.permissions import Actor
from whatsapp import limits
from whatsapp.limits import Violation
from whatsapp.limits.media import VOICE_TYPE
from whatsapp.models import MediaFile
from whatsapp.services import keeping, upload_rows

# What is said of a file beside it.
_TOLD = ("caption", "filename", "voice")


def enclose(*, actor: Actor, draft: Message) -> None:
    """Give a draft the file that its content names by our id; Meta's takes its place when it goes.

    Raises: InvalidMessageError, also for a file that the actor may not see.
    """
    kind = draft.type.lower()
    if kind == "interactive":
        _enclose_header(actor, draft)
    if kind not in limits.MEDIA:
        return
    content = dict(draft.content)
    path = (kind, "media")
    file = find(actor=actor, pk=content["media"], path=path)
    check(file, kind=kind, path=path)
    if content.get("voice") and file.mime_type != VOICE_TYPE:
        sentence = _("A voice message is OGG with Opus; this file is %(type)s.")
        found = Violation(path, "file_kind", sentence, {"type": file.mime_type})
        raise InvalidMessageError([found])
    if kind == "document" and file.name:
        content.setdefault("filename", file.name)
    draft.content, draft.media = content, file


def _enclose_header(actor: Actor, draft: Message) -> None:
    header = draft.content.get("header", {})
    kind = header.get("type", "")
    if kind in limits.MEDIA and "media" in header[kind]:
        path = ("interactive", "header", kind, "media")
        file = find(actor=actor, pk=header[kind]["media"], path=path)
        check(file, kind=kind, path=path)
        draft.media = file


def again(message: Message) -> dict[str, Any]:
    """Return a message's content for another attempt.

    What the business's own app sent has Meta's words of its file: they are no words of a send.
    """
    if message.media_id is None or message.type.lower() not in limits.MEDIA:
        return message.content
    told = {name: message.content[name] for name in _TOLD if name in message.content}
    return {"media": message.media_id, **told}


def check(file: MediaFile, *, kind: str, path: tuple[str, ...]) -> None:
    """Pass a file that Meta takes as ``kind``. Raises: InvalidMessageError."""
    found = keeping.violations(file, kind=kind, path=path)
    if found:
        raise InvalidMessageError(found)


def find(*, actor: Actor, pk: int, path: tuple[str, ...]) -> MediaFile:
    """Return a stored file that the actor may see. Raises: InvalidMessageError."""
    try:
        file = selectors.media_for(actor, pk)
    except NotFoundError:
        sentence = _("There is no such file, or it is not yours to send.")
        raise InvalidMessageError([Violation(path, "not_found", sentence)]) from None
    if not file.is_stored:
        raise InvalidMessageError([Violation(path, "not_stored", _("This file is not here."))])
    return file


def hand_over(*, draft: Message, phone_id: int, now: datetime) -> None:
    """Have the draft's file brought to Meta before it is sent; in the caller's transaction."""
    if draft.media_id is None:
        return
    if upload_rows.want(file_id=draft.media_id, phone_id=phone_id, now=now):
        queue.enqueue("conversations.tasks.upload_media")
