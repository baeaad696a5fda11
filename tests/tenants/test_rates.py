"""The rate card: which price holds, what a file may say, and who may load it."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenants import audit, context, rates, selectors
from tenants.models import AuditEvent, Rate
from tenants.rates import Card, Price
from tenants.services import rates as services

pytestmark = pytest.mark.django_db
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
HEAD = "prefix,country,category,currency,price,starts_on"
LINES = [
    "55,Brazil,MARKETING,USD,0.0625,2026-01-01",
    "+55,Brazil,utility,usd,0.0068,2026-01-01",
    "1,North America,MARKETING,USD,0.025,2026-01-01",
    "*,Rest of the world,MARKETING,USD,0.0604,2026-01-01",
]


def price(prefix, amount, *, category="MARKETING", currency="USD", starts_on=JUNE) -> Price:
    return Price(prefix, category, currency, Decimal(amount), starts_on)


def amount(card: Card, number: str, category: str = "MARKETING") -> str | None:
    found = card.amount(number=number, category=category)
    return None if found is None else str(found)


# --- which one holds ------------------------------------------------------------------------------
def test_of_several_prefixes_the_longest_holds_and_for_others_the_rest_of_the_world():
    card = rates.in_force(
        [price("1", "0.02"), price("1876", "0.07"), price("", "0.06"), price("55", "0.05")],
        on=JUNE,
    )

    assert [amount(card, number) for number in ("12125550000", "18765550000")] == ["0.02", "0.07"]
    assert [amount(card, number) for number in ("5511987654321", "351911", "1", "")] == [
        *("0.05", "0.06", "0.02", "0.06")
    ]
    assert (card.currency, card.longest) == ("USD", 4)


def test_a_category_without_a_price_has_none():
    card = rates.in_force([price("55", "0.05"), price("", "0.01", category="UTILITY")], on=JUNE)

    assert amount(card, "5511", "UTILITY") == "0.01"
    assert amount(card, "5511", "AUTHENTICATION") is None
    assert amount(card, "351911", "MARKETING") is None


@pytest.mark.parametrize(
    ("on", "expected"),
    [(date(2026, 5, 31), None), (JUNE, "0.05"), (date(2026, 6, 30), "0.05"), (JULY, "0.06")],
)
def test_a_price_holds_from_its_day_until_a_later_one(on, expected):
    prices = [price("55", "0.06", starts_on=JULY), price("55", "0.05")]

    assert amount(rates.in_force(prices, on=on), "5511") == expected


def test_prices_of_a_card_in_another_currency_are_over():
    now = price("55", "0.31", currency="BRL", starts_on=JULY)

    card = rates.in_force([now, price("55", "0.05"), price("", "0.06")], on=JULY)

    assert card.currency == "BRL"
    assert (amount(card, "5511"), amount(card, "351")) == ("0.31", None)


def test_without_prices_nothing_costs_anything_known():
    card = rates.in_force([], on=JUNE)

    assert (card.currency, card.longest, amount(card, "5511")) == ("", 0, None)


# --- a file ---------------------------------------------------------------------------------------
@pytest.fixture
def boss(people):
    return people["admin@balcao.test"]


def file_of(*lines, head=HEAD) -> bytes:
    return "\r\n".join([head, *lines]).encode()


def load(boss, body, reason="The card of January"):
    return services.load(actor=boss, body=body, reason=reason)


def refusal(boss, body) -> list[str]:
    with pytest.raises(services.RatesInvalidError) as refused:
        load(boss, body)
    with context.platform():
        assert not Rate.objects.exists()
        assert not AuditEvent.objects.filter(action="rates.loaded").exists()
    return refused.value.problems


def test_a_file_is_taken_with_a_reason_and_a_trace(boss):
    assert load(boss, file_of(*LINES)) == 4

    with context.platform():
        rows = Rate.objects.order_by("pk").values_list("prefix", "category", "currency", "price")
        assert list(rows) == [
            ("55", "MARKETING", "USD", Decimal("0.0625")),
            ("55", "UTILITY", "USD", Decimal("0.0068")),
            ("1", "MARKETING", "USD", Decimal("0.025")),
            ("", "MARKETING", "USD", Decimal("0.0604")),
        ]
        event = AuditEvent.objects.get(action="rates.loaded")
    assert (event.actor_id, event.reason) == (boss.pk, "The card of January")
    assert event.changes == {"rates": 4, "from": ["2026-01-01"]}
    card = selectors.rate_card(on=date(2026, 1, 1))
    assert amount(card, "5511987654321") == "0.062500"
    assert selectors.rate_card(on=date(2025, 12, 31)).currency == ""


def test_the_card_is_read_from_within_a_tenant(boss, acme):
    load(boss, file_of(*LINES))

    with context.tenant(acme.schema_name):
        assert selectors.rate_card(on=JUNE).currency == "USD"


def test_a_spreadsheets_file_is_taken_too(boss):
    head = "\ufeffStarts_On;Price;Currency;Category;Country;Prefix"
    lines = ["2026-01-01;0,0625;BRL;MARKETING;Brasil;55", ";;;;;", "2026-01-01;1;BRL;UTILITY;São;*"]

    assert load(boss, "\n".join([head, *lines]).encode()) == 2
    with context.platform():
        assert Rate.objects.get(prefix="55").price == Decimal("0.0625")


def test_the_same_file_again_changes_nothing_and_a_later_one_its_prices(boss):
    load(boss, file_of(*LINES))
    load(boss, file_of(*LINES))

    load(boss, file_of("55,Brasil,MARKETING,USD,0.07,2026-01-01"))

    with context.platform():
        assert Rate.objects.count() == 4
        changed = Rate.objects.get(prefix="55", category="MARKETING")
    assert (changed.country, changed.price) == ("Brasil", Decimal("0.07"))


def test_every_bad_line_is_named_and_none_is_taken(boss):
    problems = refusal(
        boss,
        file_of(
            LINES[0],
            "0x,Brazil,MARKETING,USD,0.1,2026-01-01",
            "55,,PROMO,US,free,01/02/2026",
            "55,Brazil",
            LINES[0],
            "44,United Kingdom,MARKETING,GBP,0.04,2026-01-01",
        ),
    )

    assert [one.partition(":")[0] for one in problems] == [
        *("Line 3", "Line 4", "Line 5", "Line 6", "Line 7")
    ]
    assert problems[0] == (
        "Line 3: the calling code is no digits, as 55, nor * for the rest of the world."
    )
    for word in ("country", "MARKETING, UTILITY, AUTHENTICATION", "three letters", "price", "day"):
        assert word in problems[1]
    assert "cells" in problems[2]
    assert "line above" in problems[3]
    assert "one currency" in problems[4]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("prefix", bad) for bad in ("055", "5a", "123456789", "5 5", "\u0665\u0665")),
        *(("price", bad) for bad in ("-1", "1e3", "", "1.2345678", "NaN", "1.234,5", "\u0663")),
        *(("starts_on", bad) for bad in ("2026-13-01", "20260101", "1999-01-01", "2026-W01-1")),
        *(("currency", bad) for bad in ("", "US", "R$ ", "DOLLAR")),
        ("country", "x" * 81),
        ("country", ""),
    ],
)
def test_a_value_that_cannot_be_is_refused(boss, field, value):
    cells = dict(zip(HEAD.split(","), LINES[0].split(","), strict=True)) | {field: value}
    quoted = ",".join(f'"{cell}"' for cell in cells.values())

    assert len(refusal(boss, file_of(quoted))) == 1


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "columns"),
        (b"\x00\x01\x02", "columns"),
        (b"country,price\nBrazil,1\n", "columns"),
        (f"{HEAD},note\n{LINES[0]},x\n".encode(), "columns"),
        (HEAD.encode(), "no rates"),
        (b"x" * 1_000_001, "1 MB"),
        (HEAD.encode() + b'\n"' + b"x" * 200_000, "no CSV"),
    ],
    ids=["empty", "binary", "missing", "more", "bare", "large", "quote"],
)
def test_what_is_no_such_file_is_refused(boss, body, word):
    (problem,) = refusal(boss, body)

    assert word in problem


def test_a_file_of_too_many_lines_is_refused(boss, monkeypatch):
    monkeypatch.setattr(services, "ROWS_MAX", 3)

    (problem,) = refusal(boss, file_of(*LINES))

    assert "more than 3 lines" in problem


def test_nothing_happens_without_a_reason(boss):
    with pytest.raises(audit.ReasonMissingError):
        load(boss, file_of(*LINES), reason=" ")
    with context.platform():
        assert not Rate.objects.exists()


# --- the console ----------------------------------------------------------------------------------
LIST, LOAD = "/admin/tenants/rate/", "/admin/tenants/rate/load/"


def upload(console, body, **changes):
    file = SimpleUploadedFile("rates.csv", body, content_type="text/csv")
    return console.post(LOAD, {"file": file, "reason": "January", **changes})


def test_a_super_admin_loads_and_looks_at_the_card(console):
    assert "prefix, country, category" in console.get(LOAD).content.decode()

    answer = upload(console, file_of(*LINES))

    assert (answer.status_code, answer["Location"]) == (302, LIST)
    html = console.get(LIST).content.decode()
    assert "Rates that hold now: 4" in html
    for word in ("Brazil", "+55", "all others", "0.062500", LOAD):
        assert word in html
    assert "North America" not in console.get(f"{LIST}?q=55").content.decode()


def test_the_page_names_every_bad_line(console):
    answer = upload(console, file_of(LINES[0], "x,,,,,", "55,Brazil"))

    assert answer.status_code == 400
    html = answer.content.decode()
    assert "nothing was changed" in html
    assert "Line 3:" in html
    assert "Line 4:" in html
    with context.platform():
        assert not Rate.objects.exists()


@pytest.mark.parametrize("changes", [{"reason": " "}, {"file": ""}])
def test_a_form_that_is_not_filled_in_changes_nothing(console, changes):
    assert upload(console, file_of(*LINES), **changes).status_code == 400
    with context.platform():
        assert not Rate.objects.exists()


def test_rates_are_taken_out_with_a_reason(console):
    upload(console, file_of(*LINES))
    with context.platform():
        gone = Rate.objects.get(prefix="1")
    asked = {"action": "remove", "_selected_action": [gone.pk]}
    assert "hold again" in console.post(LIST, asked).content.decode()

    console.post(LIST, {**asked, "confirmed": "yes", "reason": "A slip"})

    with context.platform():
        assert set(Rate.objects.values_list("prefix", flat=True)) == {"55", ""}
        event = AuditEvent.objects.get(action="rate.removed")
    assert event.reason == "A slip"
    assert event.changes["prefix"] == "1"


def test_nobody_else_gets_there(page, client, people):
    for browser in (page("admin@acme.test"), page("ana@acme.test")):
        assert browser.get(LOAD).status_code == 404
        assert upload(browser, file_of(*LINES)).status_code == 404
    answer = client.get(LOAD, SERVER_NAME="localhost")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
    with context.platform():
        assert not Rate.objects.exists()
