"""What is to be sent: checked by Meta's limits, and read for list and thread. Queues nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import Conversation, Message
from tenants.errors import DomainError
from whatsapp import limits
from whatsapp.limits import Violation

# Meta lets reactions reach back so far.
REACTION_REACH = timedelta(days=30)
NO_TARGET = _("There is no such message in this conversation.")


class EmptyTextError(DomainError):
    code = "text_empty"
    http_status = 400
    message = _("Write something first.")


class TextTooLongError(DomainError):
    code = "text_too_long"
    http_status = 400
    message = _("A message can have 4,096 characters at most.")


class InvalidMessageError(DomainError):
    """Something that Meta would refuse; ``context["errors"]`` has each place, sentence and code."""

    code = "invalid"
    http_status = 400

    def __init__(self, found: Sequence[Violation]) -> None:
        told = [(one.path, gettext(one.sentence) % one.values, one.code) for one in found]
        super().__init__(told[0][1], errors=told)


class ReplyTargetError(DomainError):
    code = "reply_target"
    http_status = 409
    message = _("The message that this answers is not here, or WhatsApp has not named it yet.")


def draft(
    *,
    conversation: Conversation,
    kind: str,
    content: Any,
    client_id: UUID,
    now: datetime,
    reply_to: Message | None = None,
) -> Message:
    """Return the message, not saved, that Meta would take. ``kind`` is Meta's word for the type.

    Raises: InvalidMessageError, ReplyTargetError.
    """
    content = checked(kind, content)
    if kind == "reaction":
        _check_reaction(conversation, content["message_id"], now, reply_to)
    return Message(
        type=kind.upper(),
        text=TEXTS[kind](content),
        content=content,
        extras=_quoting(conversation, reply_to),
        client_id=client_id,
    )


def checked(kind: str, content: Any) -> Any:
    """Return the object of a type, cleaned. Raises: InvalidMessageError."""
    content = clean(content)
    found = limits.violations(kind, content)
    if found:
        raise InvalidMessageError(found)
    return content


def checked_text(text: str) -> str:
    """Return a text as it is sent. Raises: EmptyTextError, TextTooLongError."""
    text = rules.clean_text(text)
    if not text.strip():
        raise EmptyTextError
    if len(text) > rules.TEXT_MAX_CHARACTERS:
        raise TextTooLongError
    return text


def clean(value: Any) -> Any:
    """Return what JSON holds without what no database can keep."""
    if isinstance(value, str):
        return rules.clean_text(value)
    if isinstance(value, Mapping):
        return {rules.clean_text(str(name)): clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def _check_reaction(
    conversation: Conversation, wamid: str, now: datetime, reply_to: Message | None
) -> None:
    if reply_to is not None:
        raise ReplyTargetError(_("A reaction cannot be a reply."))
    targets = Message.objects.filter(conversation=conversation, wamid=wamid)
    target = targets.exclude(type=Message.Type.REACTION).first()
    sentence = ""
    if target is None:
        sentence = str(NO_TARGET)
    elif target.timestamp < now - REACTION_REACH:
        sentence = gettext("Reactions reach 30 days back: this message is older.")
    if sentence:
        path = ("reaction", "message_id")
        raise InvalidMessageError([Violation(path, "not_found", sentence)])


def _quoting(conversation: Conversation, reply_to: Message | None) -> dict[str, Any] | None:
    if reply_to is None:
        return None
    if reply_to.conversation_id != conversation.pk or not reply_to.wamid:
        raise ReplyTargetError
    return {"context": {"id": reply_to.wamid}}


def _location(content: dict[str, Any]) -> str:
    parts = (content.get("name", ""), content.get("address", ""))
    return "\n".join(part for part in parts if part)


def _contacts(content: list[dict[str, Any]]) -> str:
    return ", ".join(card["name"]["formatted_name"] for card in content)


def _interactive(content: dict[str, Any]) -> str:
    text: str = content["body"]["text"]
    return text


def _caption(content: dict[str, Any]) -> str:
    text: str = content.get("caption", "")
    return text


TEXTS: dict[str, Callable[[Any], str]] = {
    "text": lambda content: content["body"],
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "reaction": lambda content: content["emoji"],
    **dict.fromkeys(limits.MEDIA, _caption),
}
