"""How a message looks, by what it says."""

import json
from dataclasses import dataclass

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations.forms import inbox as forms
from conversations.models import Message
from conversations.templatetags import inbox
from whatsapp import payloads, rendering
from whatsapp.payloads import content_reading, contents
from whatsapp.rendering import Rendered, formatting

register = template.Library()

PREVIEW_CHARACTERS = 140
RAW_CHARACTERS = 2000
# As WhatsApp offers them first.
QUICK_REACTIONS = ("👍", "❤️", "😂", "😮", "😢", "🙏")
_PARTIALS: dict[type, str] = {
    contents.Text: "conversations/bubbles/_text.html",
    contents.Media: "conversations/bubbles/_media.html",
    contents.Location: "conversations/bubbles/_location.html",
    contents.Cards: "conversations/bubbles/_cards.html",
    contents.Choice: "conversations/bubbles/_choice.html",
    contents.Answers: "conversations/bubbles/_answers.html",
    contents.CallPermission: "conversations/bubbles/_call_permission.html",
    contents.Offer: "conversations/bubbles/_offer.html",
    contents.Order: "conversations/bubbles/_order.html",
    contents.Notice: "conversations/bubbles/_notice.html",
    contents.Unknown: "conversations/bubbles/_unsupported.html",
}
_PLAIN = "conversations/bubbles/_plain.html"
_TEMPLATE = "conversations/bubbles/_template.html"
# What Meta calls what it does not hand over.
_WORDS = {
    "poll_creation": gettext_lazy("Poll"),
    "poll_update": gettext_lazy("Vote in a poll"),
    "gif": gettext_lazy("GIF"),
    "group_invite": gettext_lazy("Invitation to a group"),
    "list": gettext_lazy("List"),
    "link_preview": gettext_lazy("Link preview"),
    "location": gettext_lazy("Live location"),
    "pin": gettext_lazy("Pinned message"),
    "keep_in_chat": gettext_lazy("Kept message"),
    "product": gettext_lazy("Product"),
    "media_placeholder": gettext_lazy("Photo or video"),
    "image": gettext_lazy("Photo"),
    "video": gettext_lazy("Video"),
    "ephemeral": gettext_lazy("View-once message"),
    "edit": gettext_lazy("Edited message"),
    "interactive": gettext_lazy("Interactive message"),
    "hsm": gettext_lazy("Template"),
}
_TOO_BIG = 131052


@dataclass(frozen=True, slots=True)
class Part:
    """The partial that draws a message, and the value that it draws."""

    template: str
    shown: contents.Content | Rendered


@register.filter
def own_reaction(message: Message) -> str:
    """Return the emoji that the business reacted with; empty for none."""
    return next((one.emoji for one in message.marks.reactions if one.by_business), "")


@register.filter
def quick_reactions(message: Message) -> list[str]:
    """Return the emojis that are one click away, and the chosen one if it is another."""
    chosen = own_reaction(message)
    return (
        [*QUICK_REACTIONS, chosen]
        if chosen and chosen not in QUICK_REACTIONS
        else [*QUICK_REACTIONS]
    )


@register.filter
def part(message: Message) -> Part:
    """Choose the partial for what a message says."""
    kept = message.extras.get("template") if isinstance(message.extras, dict) else None
    if message.type == Message.Type.TEMPLATE and kept:
        return Part(_TEMPLATE, rendering.recalled(kept))
    shown = _shown(message)
    if isinstance(shown, contents.Unknown) and message.type != Message.Type.UNSUPPORTED:
        return Part(_PLAIN, shown)
    return Part(_PARTIALS[type(shown)], shown)


def _shown(message: Message) -> contents.Content:
    if message.type == Message.Type.TEXT and message.text:
        return contents.Text(message.text)
    kind = message.type.lower()
    if message.type == Message.Type.UNSUPPORTED and isinstance(message.extras, dict):
        kind = str(message.extras.get("type") or kind)
    return content_reading.read(kind, message.content, message.extras)


@register.filter
def is_notice(message: Message) -> bool:
    """Tell whether WhatsApp itself says it, and nobody wrote it."""
    return isinstance(_shown(message), contents.Notice)


@register.filter
def is_from_app(message: Message) -> bool:
    """Tell whether the business wrote it in its own WhatsApp app."""
    return isinstance(message.extras, dict) and message.extras.get("field") == payloads.ECHOES


@register.filter
def context(message: Message) -> contents.Context | None:
    """Return what a message answers, or that it was passed on."""
    return content_reading.context_of(message.extras)


@register.filter
def referral(message: Message) -> contents.Referral | None:
    """Return the advertisement that a customer came from."""
    return content_reading.referral_of(message.extras)


@register.filter
def quoted(quotes: dict[int, Message] | None, message: Message) -> Message | None:
    """Return the message that this one answers, where the page looked it up."""
    return quotes.get(message.pk) if quotes else None


@register.filter
def notice(shown: contents.Notice) -> str:
    """Say in a sentence what WhatsApp tells of a customer."""
    if shown.kind in {"user_changed_number", "customer_changed_number"}:
        if shown.wa_id:
            sentence = _("The customer writes from a new number: %(number)s.")
            return sentence % {"number": inbox.written_number(shown.wa_id.removeprefix("+"))}
        return _("The customer writes from a new number.")
    if shown.kind == "user_changed_user_id":
        return _("The customer has a new WhatsApp identity.")
    if shown.kind == "customer_identity_changed":
        return _("The customer has a new security code.")
    if shown.kind == "request_welcome":
        return _("The customer opened the chat for the first time.")
    return shown.body or _("System message")


@register.filter
def unsupported(shown: contents.Unknown) -> str:
    """Name what cannot be shown."""
    if shown.code == _TOO_BIG:
        return _("A file that is too big")
    known = _WORDS.get(shown.word)
    if known is not None:
        return str(known)
    return shown.word.replace("_", " ") or _("Unsupported message")


@register.filter
def as_it_came(message: Message) -> str:
    """Write what Meta said of a message, for experts: JSON, the beginning of it."""
    said = {"content": message.content, **(message.extras or {})}
    return json.dumps(said, ensure_ascii=False, indent=2)[:RAW_CHARACTERS]


@register.filter
def media_label(shown: contents.Content | Rendered, message: Message) -> str:
    """Name a medium: a voice message, a document's file, a photo, what a header brings."""
    if not isinstance(shown, contents.Media):
        return (message.media.name if message.media else "") or message.get_type_display()
    if message.type == Message.Type.AUDIO and shown.is_voice:
        return _("Voice message")
    return shown.filename or message.get_type_display()


@register.filter
def position_after(message: Message) -> str:
    """Write where a part of the thread ends with this message, as its address has it."""
    return forms.cursor(message.timestamp, message.pk + 1)


@register.filter
def preview(message: Message) -> str:
    """Write a message in one line."""
    words = _("Deleted message") if message.marks.revoked_at else _preview(message)
    return " ".join(words[: PREVIEW_CHARACTERS * 4].split())[:PREVIEW_CHARACTERS] or (
        message.get_type_display()
    )


def _preview(message: Message) -> str:
    if message.text:
        return formatting.plain(message.text[: PREVIEW_CHARACTERS * 4])
    match _shown(message):
        case contents.Media() as media:
            return media.caption or media_label(media, message)
        case contents.Location(name=name, address=address):
            return name or address
        case contents.Cards(cards=cards):
            return ", ".join(card.name for card in cards if card.name)
        case contents.Choice(title=title):
            return title
        case contents.Answers():
            return _("Form filled in")
        case contents.Order(items=items):
            return ngettext("Order: %(count)s item", "Order: %(count)s items", len(items)) % {
                "count": len(items)
            }
        case contents.Notice() as said:
            return notice(said)
        case contents.Unknown() as unknown if message.type == Message.Type.UNSUPPORTED:
            return _("Not shown here: %(what)s") % {"what": unsupported(unknown)}
    return ""
