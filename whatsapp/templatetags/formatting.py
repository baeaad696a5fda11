"""Words as a phone shows them."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from whatsapp.rendering import formatting
from whatsapp.rendering.formatting import Span

register = template.Library()

_TAGS = {"bold": "<strong>{}</strong>", "italic": "<em>{}</em>", "strike": "<s>{}</s>"}


@register.filter
def formatted(text: str) -> SafeString:
    """Write text with its web addresses as links, and bold where it is; the rest is escaped."""
    return _all(formatting.read(text))


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
