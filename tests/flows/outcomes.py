"""What bodies made: all rows as lines, and what is to be read in the bubbles of a page."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from conversations import selectors
from conversations.models import (
    ConsentEvent,
    Contact,
    ContactIdentity,
    Conversation,
    Mark,
    Message,
    StatusEvent,
)
from tenants import context
from tests import library
from tests.conversations.events import NOON
from tests.conversations.sending import conversation_with, message_in
from whatsapp.models import AccountEvent, MediaFile, Phone
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery

_FATES = ("stored", "duplicate", "placeholder", "parked")


def send_ours(phone: Phone) -> None:
    """Make a message of ours that WhatsApp has accepted, in the current tenant."""
    at = datetime.fromtimestamp(NOON, UTC)
    thread = conversation_with("16505551234", phone=phone, opened_at=at)
    Contact.objects.update(profile_name="Sheena Nelson")
    thread.last_message = message_in(thread, status="ACCEPTED", wamid=library.OURS, text="Ours")
    thread.last_message_at = thread.last_message.timestamp
    thread.save()


def rows(schema: str) -> dict[str, list[str]]:
    """Return everything that the bodies made, a line a row; kinds of rows without any are left out.

    The message that we had sent and its contact are among them.
    """
    with context.tenant(schema):
        found = {
            "messages": _messages(),
            "people": [_person(one) for one in Contact.objects.filter(merged_into=None)],
            "threads": [_thread(one) for one in Conversation.objects.filter(merged_into=None)],
            "marks": [_mark(one) for one in Mark.objects.order_by("pk")],
            "statuses": [_status(one) for one in StatusEvent.objects.order_by("pk")],
            "events": list(AccountEvent.objects.order_by("pk").values_list("field", flat=True)),
            "consent": [f"{one.value} {one.source}" for one in ConsentEvent.objects.order_by("pk")],
            "files": [_file(one) for one in MediaFile.objects.order_by("pk")],
        }
    with context.platform():
        parked = ParkedUnit.objects.order_by("unit_index", "pk")
        found["parked"] = [f"{one.reason} {one.error}" for one in parked]
        found["fates"] = [_fates(one) for one in WebhookDelivery.objects.order_by("pk")][-1:]
    return {kind: lines for kind, lines in found.items() if lines}


def _messages() -> list[str]:
    messages = list(Message.objects.order_by("pk"))
    selectors.with_marks(messages)
    return [_message(one) for one in messages]


def _message(message: Message) -> str:
    text = message.text if len(message.text) < 100 else f"{len(message.text)} characters"
    code = f" {message.error_code} ({message.error_detail})" if message.is_failed else ""
    return f"{message.direction} {message.type} {message.status}{code}: {text}".removesuffix(": ")


def _person(contact: Contact) -> str:
    names = ContactIdentity.objects.filter(contact=contact).order_by("kind", "value")
    return f"{contact.profile_name or '-'}: {' '.join(names.values_list('value', flat=True))}"


def _thread(thread: Conversation) -> str:
    window = "open" if thread.window_opened_at else "never opened"
    return f"{thread.status}, {thread.unread_count} unread, window {window}"


def _mark(mark: Mark) -> str:
    said = f"{mark.kind} of {mark.target_wamid}: {mark.emoji or mark.text}".removesuffix(": ")
    return f"{said} (business)" if mark.by_business else said


def _status(event: StatusEvent) -> str:
    whose = "ours" if event.message_id else "waits"
    price = (event.pricing_category, event.pricing_type, event.pricing_model)
    priced = " ".join(filter(None, price))
    return f"{event.status} {whose}: {priced}".removesuffix(": ")


def _file(file: MediaFile) -> str:
    return f"{file.state} {file.mime_declared} {file.name}".strip()


def _fates(delivery: WebhookDelivery) -> str:
    counts = {fate: getattr(delivery, f"units_{fate}") for fate in _FATES}
    assert sum(counts.values()) == delivery.units_total, "a unit is unaccounted for"
    return ", ".join(f"{count} {fate}" for fate, count in counts.items() if count)


class _Bubbles(HTMLParser):
    """Collect the visible words of every bubble, without its menu and its times."""

    _QUIET = frozenset({"time", "svg", "button"})

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[int, list[str]] = {}
        self._open: list[str] = []
        self._pk = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        place = re.fullmatch(r"message-(\d+)", named.get("id") or "")
        if tag == "li" and place:
            self._pk, self._open = int(place[1]), []
            self.found[self._pk] = []
        if self._pk and tag not in {"input", "img", "br", "source"}:
            self._open.append(f"{tag}.{named.get('class') or ''}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if self._pk and self._open:
            self._open.pop()
            self._pk = self._pk if self._open else 0

    def handle_data(self, data: str) -> None:
        names = {one.partition(".")[0] for one in self._open}
        is_menu = any("menu" in one for one in self._open)
        if self._pk and data.strip() and not is_menu and not names & self._QUIET:
            self.found[self._pk].append(" ".join(data.split()))


def bubbles_of(html: str) -> dict[int, str]:
    """Return what is to be read in each bubble of a page, by the message's id."""
    parser = _Bubbles()
    parser.feed(html)
    return {pk: " | ".join(words) for pk, words in parser.found.items()}
