"""Words as a phone shows them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from whatsapp.models import MessageTemplate
from whatsapp.payloads import content_reading
from whatsapp.rendering import formatting
from whatsapp.rendering.formatting import Span

register = template.Library()

_TAGS = {"bold": "<strong>{}</strong>", "italic": "<em>{}</em>", "strike": "<s>{}</s>"}


@register.filter
def formatted(text: str) -> SafeString:
    """Write text with its web addresses as links, and bold where it is; the rest is escaped."""
    return _all(formatting.read(text))


@register.filter
def web_address(text: str) -> str:
    """Return an address that may become a link, and nothing for any other."""
    return content_reading.web_address(text) if "{{" not in text else ""


@register.filter
def written_moment(text: str) -> str:
    """Write a moment that is kept as ISO 8601, by the clock of the business; else nothing."""
    try:
        moment = datetime.fromisoformat(text)
        local = timezone.localtime(moment, ZoneInfo(settings.DISPLAY_TIME_ZONE))
    except (ValueError, OverflowError):
        return ""
    # Translators: a Django date format: day, month, year, time.
    return date_format(local, _("j F Y, H:i"))


@register.filter
def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was; under a minute there is no number for it."""
    if now - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, now)}


@register.filter
def category_label(category: str) -> str:
    """Name a template's category."""
    labels = dict(MessageTemplate.Category.choices)
    return str(labels.get(category, category))


def _all(spans: Iterable[Span]) -> SafeString:
    return format_html_join("", "{}", ((_one(span),) for span in spans))


def _one(span: Span) -> str:
    if span.kind == "plain":
        return span.text
    if span.kind == "code":
        return format_html("<code>{}</code>", span.text)
    if span.kind == "link":
        link = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>'
        return format_html(link, span.text, span.text)
    return format_html(_TAGS[span.kind], _all(span.inner))
