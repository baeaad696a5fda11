"""The Brazilian catalogue is whole, and says what its source says; ``make messages`` renews it."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import django
import polib
import pytest
import rest_framework
import unfold
from django.utils import formats, timezone, translation

from config import borrowed_words
from conversations.templatetags import inbox
from tests.guards import messages
from tests.guards.source import ROOT, python_files, templates, tree

CATALOG = ROOT / "locale/pt_BR/LC_MESSAGES/django.po"
DJANGO = Path(django.__file__).parent
TRANSLATED = (
    DJANGO / "conf",
    DJANGO / "contrib/admin",
    DJANGO / "contrib/auth",
    Path(rest_framework.__file__).parent,
)
UNFOLD = Path(unfold.__file__).parent
UNUSED = (
    "constance",
    "forms",
    "guardian",
    "import_export",
    "inlines",
    "location_field",
    "simple_history",
)
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|\{\w*\}")


@cache
def catalog() -> polib.POFile:
    return polib.pofile(str(CATALOG))


def test_the_compiled_catalog_is_that_of_its_source():
    compiled = CATALOG.with_suffix(".mo").read_bytes()

    assert compiled == catalog().to_binary(), "run make messages"


def test_everything_is_translated():
    open_ones = [*catalog().untranslated_entries(), *catalog().fuzzy_entries()]
    assert [entry.msgid for entry in open_ones] == []


def test_placeholders_survive_translation():
    broken = [
        entry.msgid
        for entry in catalog()
        for text in ([entry.msgstr] if entry.msgstr else entry.msgstr_plural.values())
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(entry.msgid))
    ]
    assert broken == []


def test_the_catalog_holds_what_the_sources_mark_and_nothing_else():
    marked = {message for path in python_files() for message in messages.in_python(tree(path))}
    marked |= {message for path in templates() for message in messages.in_template(path)}
    held = {(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in catalog()}

    # A message with a plural is the same entry as one without; the catalogue keeps the longer.
    with_plural = {message[:2] for message in marked if message[2]}
    marked = {message for message in marked if message[2] or message[:2] not in with_plural}

    assert held == marked, "run make messages"


def test_the_words_of_the_console_library_are_borrowed_whole():
    theirs = {message for path in _unfold("*.py") for message in messages.in_python(tree(path))}
    theirs |= {message for path in _unfold("*.html") for message in messages.in_template(path)}
    elsewhere = {
        (entry.msgctxt, entry.msgid, entry.msgid_plural or None)
        for library in TRANSLATED
        for entry in polib.mofile(str(library / "locale/pt_BR/LC_MESSAGES/django.mo"))
    }
    borrowed = set(messages.in_python(tree(Path(borrowed_words.__file__))))
    dates = {(None, name, None) for name in borrowed_words.DATES}

    assert theirs - elsewhere == borrowed - dates


@pytest.mark.parametrize(
    ("age", "label"),
    [
        (timedelta(0), "Hoje"),
        (timedelta(days=1), "Ontem"),
        (timedelta(days=2), "Segunda-feira"),
        (timedelta(days=7), "18/11/2026"),
        (timedelta(days=400), "21/10/2025"),
    ],
)
def test_days_are_written_as_in_brazil(monkeypatch, age, label):
    now = datetime(2026, 11, 25, 15, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)

    with translation.override("pt-br"):
        assert inbox.day_label((now - age).date()) == label


def test_moments_are_written_as_in_brazil():
    moment = datetime(2026, 11, 25, 23, 5, tzinfo=UTC)

    with translation.override("pt-br"):
        assert inbox.full_moment(moment) == "quarta-feira, 25 de novembro de 2026, 20:05:00"
        assert inbox.date_and_time(moment) == "25 de novembro de 2026, 20:05"
        assert formats.date_format(moment, "DATE_FORMAT") == "25 de novembro de 2026"


def _unfold(pattern: str) -> list[Path]:
    unused = [UNFOLD / "contrib" / name for name in UNUSED]
    return [
        path
        for path in sorted(UNFOLD.rglob(pattern))
        if not any(path.is_relative_to(folder) for folder in unused)
    ]
