"""Read a list of people as spreadsheets write it: CSV, in whatever encoding and with any comma."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext_lazy as _

from conversations import rules
from tenants.errors import DomainError

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 60
CELL_MAX_CHARACTERS = 4096
COLUMN_MAX_CHARACTERS = 120

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ",;\t"
# What columns of numbers are called, without marks and case.
_NUMBER_NAMES = re.compile(
    r"(whats\s?app|wa[ _]?id\b|phone|telephone|mobile|cell|number|to\b"
    r"|telefone|celular|fone|n[uú]mero|para\b|tel[eé]fono|m[oó]vil)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\+?[\d\s().\-]{8,25}")


class ListUnreadableError(DomainError):
    """The list cannot be read; the sentence says what is wrong with which line."""

    code = "list_unreadable"
    http_status = 400
    message = _("This is no list that can be read: save the spreadsheet as CSV.")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list. ``number`` is its line in the file, from 1."""

    number: int
    cells: dict[str, str]
    is_misaligned: bool = False  # more cells than columns: none of them can be trusted


@dataclass(frozen=True, slots=True)
class Head:
    """How a list begins."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    number_column: str  # the likeliest one


def head(body: bytes, *, lines: int = 10) -> Head:
    """Return a list's columns and first lines. Raises: ListUnreadableError."""
    reader = _Reader(body)
    first = tuple(islice(reader, lines))
    return Head(reader.columns, first, _likely_number(reader.columns, first))


def read(body: bytes) -> Iterator[Line]:
    """Yield a list's lines; blank ones are left out. Raises: ListUnreadableError, also midway."""
    for count, line in enumerate(_Reader(body), start=1):
        if count > MAX_ROWS:
            raise ListUnreadableError(_("A list can have 100,000 rows at most: split it."))
        yield line


class _Reader:
    """A list's columns, and its lines one by one."""

    def __init__(self, body: bytes) -> None:
        if len(body) > MAX_BYTES:
            raise ListUnreadableError(_("A list can have 20 MB at most: split it."))
        text = _decoded(body).replace("\x00", "")
        self._rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        self.columns = _columns(self._next_row())

    def __iter__(self) -> Iterator[Line]:
        while True:
            row = self._next_row()
            if row is None:
                return
            cells = [rules.clean_text(cell).strip() for cell in row]
            extra = any(cells[len(self.columns) :])
            padded = [*cells, *[""] * (len(self.columns) - len(cells))]
            pairs = dict(zip(self.columns, padded, strict=False))
            yield Line(self._rows.line_num, pairs, is_misaligned=extra)

    def _next_row(self) -> list[str] | None:
        try:
            for row in self._rows:
                if any(cell.strip() for cell in row):
                    self._check(row)
                    return row
        except csv.Error:
            raise self._error(
                _("Line %(line)d cannot be read: look for a missing quote.")
            ) from None
        return None

    def _check(self, row: list[str]) -> None:
        if any(len(cell) > CELL_MAX_CHARACTERS for cell in row):
            raise self._error(
                _("Line %(line)d has a cell that is too long: look for a missing quote.")
            )

    def _error(self, sentence: object) -> ListUnreadableError:
        return ListUnreadableError(str(sentence) % {"line": self._rows.line_num})


def _decoded(body: bytes) -> str:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")  # as spreadsheets here save it


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=plain.count)


def _columns(row: list[str] | None) -> tuple[str, ...]:
    if row is None:
        raise ListUnreadableError(_("The list is empty."))
    names = [rules.clean_text(cell).strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise ListUnreadableError(_("A list can have 60 columns at most."))
    if any(len(name) > COLUMN_MAX_CHARACTERS for name in names):
        raise ListUnreadableError
    if any(_looks_like_number(name) for name in names):
        raise ListUnreadableError(_("The first line has to name the columns, as: number, name."))
    named = [name or f"#{place}" for place, name in enumerate(names, start=1)]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        sentence = _("Two columns are called “%(name)s”: give each a name of its own.")
        raise ListUnreadableError(str(sentence) % {"name": twice})
    return tuple(named)


def _likely_number(columns: tuple[str, ...], lines: tuple[Line, ...]) -> str:
    """Return the column of numbers: by its name, else by what stands in it, else the first."""
    for column in columns:
        if _NUMBER_NAMES.match(column):
            return column
    for column in columns:
        if lines and all(_looks_like_number(line.cells[column]) for line in lines):
            return column
    return columns[0]


def _looks_like_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None and sum(map(str.isdigit, cell)) >= 8
