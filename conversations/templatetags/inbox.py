"""How the inbox writes people, moments and messages."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import phonenumbers
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from conversations import rules
from conversations.models import Contact, ContactIdentity, Conversation, Message

register = template.Library()

HUES = 8
ICONS = {
    Message.Type.IMAGE: "image",
    Message.Type.AUDIO: "mic",
    Message.Type.VIDEO: "video",
    Message.Type.DOCUMENT: "file-text",
    Message.Type.TEMPLATE: "layout-template",
    Message.Type.STICKER: "sticker",
    Message.Type.LOCATION: "map-pin",
    Message.Type.CONTACTS: "contact",
    Message.Type.INTERACTIVE: "list",
    Message.Type.BUTTON: "mouse-pointer-click",
    Message.Type.REACTION: "smile",
    Message.Type.ORDER: "shopping-cart",
    Message.Type.SYSTEM: "info",
}
TICK_ICONS = {
    "clock": "clock",
    "sent": "check",
    "delivered": "check-check",
    "read": "check-check",
    "failed": "circle-alert",
    "cancelled": "x",
    "unknown": "circle-question-mark",
}


@register.filter
def number(contact: Contact) -> str:
    """Write a contact's number as people do, or whatever name WhatsApp has for him without one."""
    identities = list(contact.identities.all())
    phone = next((one for one in identities if one.kind == ContactIdentity.Kind.WA_ID), None)
    if phone is None:
        return identities[0].value if identities else ""
    return written_number(phone.value)


def written_number(wa_id: str) -> str:
    """Write digits as people write numbers."""
    try:
        parsed = phonenumbers.parse(f"+{wa_id}")
    except phonenumbers.NumberParseException:
        return wa_id
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def person(contact: Contact) -> str:
    """Name a contact: as an operator wrote him, as WhatsApp does, or by his number."""
    return contact.name or contact.profile_name or number(contact) or _("Unknown contact")


@register.filter
def initials(name: str) -> str:
    """Return one or two letters for an avatar; none when the name has no letters."""
    words = [word for word in name.split() if word[0].isalpha()]
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in ends).upper()


@register.filter
def hue(pk: int) -> int:
    """Choose the avatar's colour, always the same for one contact."""
    return pk % HUES


@register.filter
def moment_label(moment: datetime) -> str:
    """Write a list row's time: the clock today, then Yesterday, the weekday, the date."""
    local = _local(moment)
    days = (_today() - local.date()).days
    if days <= 0:
        return date_format(local, "H:i")
    if days == 1:
        return _("Yesterday")
    if days < 7:
        return capfirst(date_format(local, "l"))
    return _day(local.date())


@register.filter
def clock(moment: datetime) -> str:
    """Write the time of day."""
    return date_format(_local(moment), "H:i")


@register.filter
def full_moment(moment: datetime) -> str:
    """Write everything, for tooltips."""
    # Translators: a Django date format: weekday, day, month, year, time.
    return date_format(_local(moment), _("l, j F Y, H:i:s"))


@register.filter
def date_and_time(moment: datetime) -> str:
    """Write a moment to the minute."""
    # Translators: a Django date format: day, month, year, time.
    return date_format(_local(moment), _("j F Y, H:i"))


@register.filter
def local_day(moment: datetime) -> date:
    """Return the day that a moment falls on where the business is."""
    return _local(moment).date()


@register.filter
def day_label(day: date) -> str:
    """Write a day as a thread's separator does."""
    days = (_today() - day).days
    if days == 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    if 1 < days < 7:
        return capfirst(date_format(day, "l"))
    return _day(day)


@register.filter
def iso(moment: datetime) -> str:
    """Write a moment for machines."""
    return moment.isoformat()


@register.filter
def milliseconds(moment: datetime | None) -> str:
    """Write a moment as scripts count it; nothing for none."""
    return "" if moment is None else str(round(moment.timestamp() * 1000))


@register.simple_tag
def sort_key(moment: datetime | date | None, pk: int = 0) -> str:
    """Write a key whose order as text is the order of time, then of ids."""
    if moment is None:
        return ""
    if not isinstance(moment, datetime):
        zone = ZoneInfo(settings.DISPLAY_TIME_ZONE)
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    return f"{round(moment.timestamp() * 1_000_000):017d}.{pk:012d}"


@register.filter
def type_icon(message: Message) -> str:
    """Name the icon of what is no text; nothing for text."""
    if message.type == Message.Type.TEXT:
        return ""
    return ICONS.get(Message.Type(message.type), "circle-question-mark") if _known(message) else ""


@register.filter
def waits_for(message: Message) -> str:
    """Say why a message has not left yet, where there is something to say."""
    if message.status == Message.Status.HELD:
        return message.status_label
    if message.status == Message.Status.PENDING and message.due_at is not None:
        return _("WhatsApp asks us to wait. Next try: %(time)s") % {"time": clock(message.due_at)}
    return ""


@register.filter
def tick_icon(tick: str) -> str:
    """Name the icon of a tick."""
    return TICK_ICONS.get(tick, "clock")


@register.filter
def tick_history(message: Message) -> str:
    """Write when each status was reached, for a tick's tooltip; else the status in words."""
    reached = [
        (_("Sent"), message.sent_at or message.accepted_at),
        (_("Delivered"), message.delivered_at),
        (_("Read"), message.read_at),
        (_("Failed"), message.failed_at if message.is_failed else None),
    ]
    lines = [f"{label}: {full_moment(at)}" for label, at in reached if at is not None]
    return "\n".join(lines) or message.status_label


@register.simple_tag
def new_id() -> str:
    """Make the id of what a form is about to create."""
    return str(uuid4())


@register.simple_tag
def now_ms() -> int:
    """Write the server's clock, so that a page whose own is wrong counts right."""
    return round(timezone.now().timestamp() * 1000)


@register.inclusion_tag("conversations/_window.html")
def window_pill(conversation: Conversation) -> dict[str, Any]:
    """Draw how long free-form replies are possible; scripts count on from there."""
    return _window(conversation)


@register.inclusion_tag("conversations/_ring.html")
def window_ring(conversation: Conversation) -> dict[str, Any]:
    """Draw the same as a ring on the row's avatar."""
    return _window(conversation)


@register.filter
def window(conversation: Conversation) -> str:
    """Name the window's state: open, soon, urgent or closed."""
    return rules.window_state(conversation.window_opened_at, timezone.now())


@register.filter
def window_end(conversation: Conversation) -> datetime | None:
    """Return when the window closes, or did; None when the customer never wrote."""
    return rules.window_closes_at(conversation.window_opened_at)


def _window(conversation: Conversation) -> dict[str, Any]:
    now = timezone.now()
    closes_at = rules.window_closes_at(conversation.window_opened_at)
    minutes = max(int((closes_at - now) / timedelta(minutes=1)), 0) if closes_at else 0
    return {
        "state": rules.window_state(conversation.window_opened_at, now),
        "closes_at": closes_at,
        "hours": minutes // 60,
        "minutes": f"{minutes % 60:02d}",
    }


def _known(message: Message) -> bool:
    return message.type in Message.Type.values


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment, ZoneInfo(settings.DISPLAY_TIME_ZONE))


def _today() -> date:
    return _local(timezone.now()).date()


def _day(day: date) -> str:
    if day.year == _today().year:
        # Translators: a Django date format: day and month.
        return date_format(day, _("j F"))
    # Translators: a Django date format: day, month and year.
    return date_format(day, _("j F Y"))
