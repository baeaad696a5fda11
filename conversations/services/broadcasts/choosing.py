"""Which of the inbox's contacts a list is made of: a choice, and the people it finds."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import ConsentEvent, Contact, ContactIdentity, Conversation
from conversations.services.broadcasts.reading import MAX_ROWS, Head, Line
from tenants.errors import DomainError

# What a list of contacts has instead of a file's columns.
NAME, NUMBER = "name", "number"
DAYS_MAX = 3650
_AT_ONCE = 1000


class NobodyChosenError(DomainError):
    code = "nobody_chosen"
    http_status = 400
    message = _("No contact is as you ask.")


class TooManyChosenError(DomainError):
    code = "too_many_chosen"
    http_status = 400
    message = _("These are more than 100,000 people: ask for fewer.")


class Marketing(TextChoices):
    """What people have said about marketing."""

    NOT_STOPPED = "NOT_STOPPED"  # nothing, or that they allow it
    AGREED = "AGREED"  # that they allow it, as their last word


@dataclass(frozen=True, slots=True)
class Choice:
    """Which contacts are meant; whatever is left empty leaves nobody out."""

    q: str = ""  # in their name or number
    marketing: str = ""
    # Of one conversation, with whichever of our numbers.
    statuses: tuple[str, ...] = ()
    wrote_within_days: int | None = None

    def kept(self) -> bytes:
        """Return it as ``BroadcastSource`` keeps it."""
        return json.dumps(asdict(self)).encode()


def choice_of(body: bytes) -> Choice:
    """Return a choice that was kept."""
    given = json.loads(body)
    return Choice(**{**given, "statuses": tuple(given.get("statuses", ()))})


def people(choice: Choice, *, now: datetime) -> QuerySet[Contact]:
    """Return the contacts that are meant, with their identities, by their ids.

    Only those whom WhatsApp knows by a number or an id of ours; who wrote is known by Meta's time
    of the newest message that opened a window.
    """
    reached = ContactIdentity.objects.filter(
        contact=OuterRef("pk"), kind__in=(ContactIdentity.Kind.WA_ID, ContactIdentity.Kind.BSUID)
    )
    found = Contact.objects.filter(Exists(reached), merged_into=None)
    found = found.filter(_named(choice.q, reached), _allowing(choice.marketing))
    threads = Conversation.objects.filter(contact=OuterRef("pk"), merged_into=None)
    if choice.statuses:
        threads = threads.filter(status__in=choice.statuses)
    if choice.wrote_within_days is not None:
        since = now - timedelta(days=choice.wrote_within_days)
        threads = threads.filter(window_opened_at__gte=since)
    if choice.statuses or choice.wrote_within_days is not None:
        found = found.filter(Exists(threads))
    return found.prefetch_related("identities").order_by("pk")


def count(choice: Choice, *, now: datetime) -> int:
    """Return how many are meant. One query."""
    return people(choice, now=now).count()


def check(choice: Choice, *, now: datetime) -> None:
    """Pass a choice that finds somebody, and no more than a list can have.

    Raises: NobodyChosenError, TooManyChosenError.
    """
    found = count(choice, now=now)
    if not found:
        raise NobodyChosenError
    if found > MAX_ROWS:
        raise TooManyChosenError


def head(choice: Choice, *, now: datetime) -> Head:
    """Return a list's columns and first lines, as ``reading.head`` does of a file."""
    first = people(choice, now=now)[:10]
    lines = tuple(Line(place, _cells(one)) for place, one in enumerate(first, start=1))
    return Head((NAME, NUMBER), lines, NUMBER)


def read(choice: Choice, *, now: datetime) -> Iterator[Line]:
    """Yield everybody as a line of a list. Raises: TooManyChosenError, midway."""
    found = people(choice, now=now).iterator(chunk_size=_AT_ONCE)
    for place, contact in enumerate(found, start=1):
        if place > MAX_ROWS:
            raise TooManyChosenError
        yield Line(place, _cells(contact))


def _named(words: str, reached: QuerySet[ContactIdentity]) -> Q:
    words = words.replace("\x00", "").strip()
    if not words:
        return Q()
    named = Q(name__icontains=words) | Q(profile_name__icontains=words)
    digits = rules.digits_of(words)
    if digits and not any(sign.isalpha() for sign in words):
        named |= Q(Exists(reached.filter(value__contains=digits)))
    return named


def _allowing(marketing: str) -> Q:
    if not marketing:
        return Q()
    allowing = Q(marketing_opted_out_at=None)
    if marketing == Marketing.AGREED:
        words = (ConsentEvent.Value.RESUME, ConsentEvent.Value.SIGNUP)
        said = ConsentEvent.objects.filter(contact=OuterRef("pk"), value__in=words)
        allowing &= Q(Exists(said.filter(kind=ConsentEvent.Kind.MARKETING)))
    return allowing


def _cells(contact: Contact) -> dict[str, str]:
    """Return a contact as a row of a list; WhatsApp's own id where it hides the number."""
    values = {one.kind: one.value for one in contact.identities.all()}
    number = values.get(ContactIdentity.Kind.WA_ID)
    address = f"+{number}" if number else values.get(ContactIdentity.Kind.BSUID, "")
    return {NAME: contact.name or contact.profile_name, NUMBER: address}
