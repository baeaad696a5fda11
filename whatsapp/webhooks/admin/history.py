"""What the audit log knows of one thing, as a field of its page."""

from collections.abc import Mapping

from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html_join

from tenants import audit

SHOWN = 20


def of(target: Model, names: Mapping[str, str | Promise]) -> str:
    """Say who did what about it, when and why, the newest first; ``names`` are those of the acts.

    One query.
    """
    lines = [
        (
            date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT"),
            event.actor or "-",
            names[event.action],
            event.reason or "-",
        )
        for event in audit.about(target).filter(action__in=names)[:SHOWN]
    ]
    return format_html_join("", "<p>{} · {} · {}: {}</p>", dict.fromkeys(lines)) or "-"
