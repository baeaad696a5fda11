"""Inboxes to look at: conversations with messages, their list columns set as the services do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from html.parser import HTMLParser

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import rules
from conversations.models import Contact, ContactIdentity, Conversation, Message
from tenants import context
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.models import Tenant
from whatsapp.models import Phone


def open_elsewhere(tenant: Tenant, phone: Phone, *, unlike: Conversation) -> Conversation:
    """Create a conversation of another tenant, whose ids are not those of ours by chance."""
    with context.tenant(tenant.schema_name):
        for number in range(3):
            found = open_with(phone, name="Estranho", wa_id=f"552197777666{number}")
            if found.pk != unlike.pk and found.contact_id != unlike.contact_id:
                return found
    raise AssertionError("each tenant counts its own rows, one by one")


def open_with(
    phone: Phone, name: str = "Mariana Souza", wa_id: str = "5511988412203", hours_ago: float = 1
) -> Conversation:
    """Create a conversation in the current tenant, whose customer wrote so many hours ago."""
    contact = Contact.objects.create(profile_name=name)
    ContactIdentity.objects.create(
        contact=contact, kind="WA_ID", value=wa_id, match_key=rules.match_key(wa_id)
    )
    opened_at = timezone.now() - timedelta(hours=hours_ago)
    conversation = Conversation.objects.create(
        phone=phone, contact=contact, window_opened_at=opened_at
    )
    add(conversation, "Bom dia!", at=opened_at)
    return conversation


def add(
    conversation: Conversation,
    text: str,
    *,
    status: str = "RECEIVED",
    at: datetime | None = None,
    **fields,
) -> Message:
    """Add a message and number it as a change."""
    inbound = status == "RECEIVED"
    values = {
        "phone": conversation.phone,
        "conversation": conversation,
        "direction": "INBOUND" if inbound else "OUTBOUND",
        "type": "TEXT",
        "text": text,
        "content": {"body": text},
        "status": status,
        "rank": rules.RANKS[status],
        "timestamp": at or timezone.now(),
        **fields,
    }
    message = Message.objects.create(**values)
    conversation.last_message = message
    conversation.last_message_at = message.timestamp
    conversation.unread_count += inbound
    conversation.save()
    live.publish(Draft(Change.Kind.MESSAGE, conversation.pk, message.pk))
    return message


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Return every start tag with its attributes."""
    parser = _Tags()
    parser.feed(html)
    return parser.tags


@contextmanager
def queries(expected: int) -> Iterator[None]:
    """Count what is asked of the database; the schema that is set before it is none of it."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [one["sql"] for one in captured if not one["sql"].startswith("SET search_path")]
    assert len(asked) == expected, "\n".join(asked)


def more_of(response, target: str) -> str | None:
    """Return the address of what goes on in ``target``; None at the end."""
    found = [tag for _, tag in tags_of(response.content.decode()) if tag.get("hx-target") == target]
    return found[0]["hx-get"] if found else None


def ids_of(response) -> list[str]:
    """Return the ids of rows and bubbles, in the order of the page."""
    return re.findall(r'id="((?:row|message)-\d+)"', response.content.decode())
