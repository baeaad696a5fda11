"""WhatsApp's rate card: loaded from a CSV file as a whole or not at all, and taken out."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants import audit, context
from tenants.errors import DomainError
from tenants.models import Rate, User

COLUMNS = ("prefix", "country", "category", "currency", "price", "starts_on")
BYTES_MAX, ROWS_MAX = 1_000_000, 10_000
PROBLEMS_SHOWN = 50
# What stands for the rest of the world, for whom a spreadsheet's empty cell is too little.
_REST = {"", "*"}
_PREFIX = re.compile(r"[1-9][0-9]{0,7}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_PRICE = re.compile(r"[0-9]{1,6}([.,][0-9]{1,6})?")
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


class RatesInvalidError(DomainError):
    """The file is not taken; ``problems`` says of each line why."""

    code = "rates_invalid"
    http_status = 400
    message = gettext_lazy("The file is not taken, and nothing was changed.")

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__()
        self.problems = list(problems)


def load(*, actor: User, body: bytes, reason: str) -> int:
    """Take all rates of a CSV file over; one that is there already gets the file's price.

    Returns how many there are. Raises: RatesInvalidError, and what ``audit.stated`` raises.
    """
    said = audit.stated(reason)
    rates = _read(body)
    with context.platform(), transaction.atomic():
        Rate.objects.bulk_create(
            rates,
            update_conflicts=True,
            unique_fields=["prefix", "category", "starts_on"],
            update_fields=["country", "currency", "price"],
        )
        days = sorted({rate.starts_on for rate in rates})
        audit.record(
            actor=actor,
            action="rates.loaded",
            target=Rate(pk=0),
            changes={"rates": len(rates), "from": [day.isoformat() for day in days[:20]]},
            reason=said,
        )
    return len(rates)


def remove(*, actor: User, rates: QuerySet[Rate], reason: str) -> int:
    """Take rates out; what they would have priced is priced by the one before, or by none.

    Raises: what ``audit.stated`` raises.
    """
    said = audit.stated(reason)
    with context.platform(), transaction.atomic():
        gone = list(rates.order_by("pk").select_for_update())
        for rate in gone:
            changes = {
                "prefix": rate.prefix,
                "category": rate.category,
                "currency": rate.currency,
                "price": str(rate.price),
                "from": rate.starts_on.isoformat(),
            }
            audit.record(
                actor=actor, action="rate.removed", target=rate, changes=changes, reason=said
            )
        Rate.objects.filter(pk__in=[rate.pk for rate in gone]).delete()
    return len(gone)


def _read(body: bytes) -> list[Rate]:
    """Return a file's rates. Raises: RatesInvalidError, which names every bad line."""
    lines = _lines(body)
    try:
        first = next(lines, (0, []))[1]
        columns = [cell.strip().lower() for cell in first]
        if sorted(columns) != sorted(COLUMNS):
            wanted = ", ".join(COLUMNS)
            raise RatesInvalidError(
                [
                    _("Line 1: it has to name these columns, and no others: %(names)s.")
                    % {"names": wanted}
                ]
            )
        rows = list(lines)
    except csv.Error:
        raise RatesInvalidError([_("This is no CSV file.")]) from None
    if not rows:
        raise RatesInvalidError([_("There are no rates in it.")])
    if len(rows) > ROWS_MAX:
        raise RatesInvalidError([_("There are more than %(most)d lines.") % {"most": ROWS_MAX}])
    return _checked(columns, rows)


def _lines(body: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, with their numbers."""
    if len(body) > BYTES_MAX:
        raise RatesInvalidError([_("The file is larger than 1 MB.")])
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _checked(columns: list[str], rows: list[tuple[int, list[str]]]) -> list[Rate]:
    rates: dict[tuple[str, str, date], Rate] = {}
    problems = []
    currency = ""
    for number, cells in rows:
        rate, wrong = _rate(columns, cells)
        if rate is not None:
            key = rate.prefix, rate.category, rate.starts_on
            currency = currency or rate.currency
            if key in rates:
                wrong = [_("the same rate stands in a line above")]
            elif rate.currency != currency:
                wrong = [_("a file has one currency, and this is another")]
            rates[key] = rate
        if wrong:
            told = {"number": number, "problems": "; ".join(wrong)}
            problems.append(_("Line %(number)d: %(problems)s.") % told)
    if problems:
        raise RatesInvalidError(problems)
    return list(rates.values())


def _rate(columns: list[str], cells: list[str]) -> tuple[Rate | None, list[str]]:
    """Return the rate of a line, or everything that is wrong with it."""
    if len(cells) != len(columns):
        return None, [_("it has not as many cells as the first line")]
    told = {
        name: cell.strip().replace("\x00", "") for name, cell in zip(columns, cells, strict=True)
    }
    prefix = told["prefix"].removeprefix("+")
    category, currency = told["category"].upper(), told["currency"].upper()
    wrong = []
    if prefix not in _REST and not _PREFIX.fullmatch(prefix):
        wrong.append(_("the calling code is no digits, as 55, nor * for the rest of the world"))
    if not 0 < len(told["country"]) <= 80:
        wrong.append(_("the country has no name, or a long one"))
    if category not in Rate.Category:
        known = ", ".join(Rate.Category.values)
        wrong.append(_("the category is none of %(known)s") % {"known": known})
    if not _CURRENCY.fullmatch(currency):
        wrong.append(_("the currency is not three letters, as USD"))
    price, starts_on = _price(told["price"]), _day(told["starts_on"])
    if price is None:
        wrong.append(_("the price is no number, as 0.0625"))
    if starts_on is None:
        wrong.append(_("the day is not written as 2026-01-31"))
    if wrong:
        return None, wrong
    values: dict[str, Any] = {"price": price, "starts_on": starts_on, "country": told["country"]}
    prefix = "" if prefix in _REST else prefix
    return Rate(prefix=prefix, category=category, currency=currency, **values), []


def _price(text: str) -> Decimal | None:
    if not _PRICE.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))


def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
