"""What a list costs at WhatsApp: by the countries of its numbers, and what nobody knows."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conversations.models import BroadcastRecipient
from conversations.services.broadcasts import pricing
from conversations.services.broadcasts.pricing import Cost
from tenants import context
from tenants.models import Rate
from tests.api import api_of
from tests.conversations import lists
from tests.conversations.sending import conversation_with
from tests.whatsapp.templates import template
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db
BRAZIL, PORTUGAL, JAMAICA, USA = "5511987654321", "351912345678", "18765551234", "12125551234"


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def phone(phones, place) -> Phone:
    return phones["acme"]


@pytest.fixture
def drafted(phone):
    def make(*numbers, category="MARKETING"):
        return lists.broadcast_to(numbers, phone=phone, approved=template(category=category))

    return make


def rate(prefix, price, *, category="MARKETING", currency="USD", starts_on=date(2026, 1, 1)):
    with context.platform():
        Rate.objects.create(
            prefix=prefix,
            country=prefix or "Others",
            category=category,
            currency=currency,
            price=Decimal(price),
            starts_on=starts_on,
        )


def cost(broadcast, now=None) -> Cost | None:
    return pricing.cost(broadcast=broadcast, now=now or timezone.now())


def test_without_a_rate_card_nothing_is_known(drafted):
    assert cost(drafted(BRAZIL)) is None


def test_each_costs_what_its_country_does(drafted):
    rate("55", "0.0625")
    rate("1", "0.025")
    rate("1876", "0.07")
    rate("", "0.06")

    found = cost(drafted(BRAZIL, "5521912345678", USA, JAMAICA, PORTUGAL))

    assert found == Cost(
        Decimal("0.125") + Decimal("0.025") + Decimal("0.07") + Decimal("0.06"), "USD"
    )


def test_what_has_no_price_is_named_and_not_in_the_sum(drafted):
    rate("55", "0.0625")

    found = cost(drafted(BRAZIL, PORTUGAL, USA, "12125550000", "999123456789"))

    assert found == Cost(Decimal("0.0625"), "USD", ("+9991", "PT", "US"), 4)


def test_only_the_templates_category_counts(drafted):
    rate("55", "0.0625")
    rate("55", "0.0068", category="UTILITY")

    assert cost(drafted(BRAZIL, category="UTILITY")).amount == Decimal("0.0068")


def test_a_new_price_holds_from_its_day_on(drafted):
    rate("55", "0.05")
    today = timezone.now()
    rate("55", "0.06", starts_on=(today + timedelta(days=2)).date())
    broadcast = drafted(BRAZIL)

    assert cost(broadcast).amount == Decimal("0.05")
    assert cost(broadcast, today + timedelta(days=2)).amount == Decimal("0.06")


@pytest.mark.parametrize(("category", "amount"), [("UTILITY", "0.02"), ("MARKETING", "0.04")])
def test_utility_is_free_within_an_open_window(drafted, phone, category, amount):
    rate("55", "0.02", category=category)
    conversation_with(BRAZIL, phone=phone, opened_at=timezone.now() - timedelta(hours=1))
    conversation_with(PORTUGAL, phone=phone, opened_at=timezone.now() - timedelta(hours=25))

    found = cost(drafted(BRAZIL, "5521912345678", category=category))

    assert found.amount == Decimal(amount)


def test_who_has_no_number_is_of_the_country_of_the_user_id(drafted):
    rate("55", "0.0625")
    rate("1", "0.025")
    broadcast = drafted()
    BroadcastRecipient.objects.bulk_create(
        BroadcastRecipient(
            broadcast=broadcast,
            position=place,
            address=user_id,
            kind="BSUID",
            value=user_id,
            match_key=user_id,
        )
        for place, user_id in enumerate(("BR.1349120863749", "US.13491208655302741918", "PT.1"), 1)
    )

    assert cost(broadcast) == Cost(Decimal("0.0875"), "USD", ("PT",), 1)


def test_who_is_left_out_or_was_written_to_costs_nothing_more(drafted):
    rate("", "0.06")
    broadcast = drafted(BRAZIL, PORTUGAL)
    broadcast.recipients.filter(position=1).update(state="SKIPPED", reason="OPTED_OUT")

    assert cost(broadcast).amount == Decimal("0.06")


def test_page_and_api_say_it(drafted, page, people, acme):
    rate("55", "31.25")
    draft = drafted(BRAZIL, "5521912345678", PORTUGAL)

    shown = page("ana@acme.test").get(f"/broadcasts/{draft.pk}/").content.decode()
    url = f"/api/v1/tenant/{acme.pk}/broadcasts/{draft.pk}/forecast"
    told = api_of(people["vera@acme.test"]).get(url).json()

    assert "USD 62.50" in shown
    assert "not in the sum: 1 person (PT)" in shown
    assert told["cost"] == {
        "amount": "62.500000",
        "currency": "USD",
        "unpriced": ["PT"],
        "unpriced_rows": 1,
    }


def test_without_a_rate_card_page_and_api_say_so(drafted, page, people, acme):
    draft = drafted(BRAZIL)

    shown = page("ana@acme.test").get(f"/broadcasts/{draft.pk}/").content.decode()
    url = f"/api/v1/tenant/{acme.pk}/broadcasts/{draft.pk}/forecast"

    assert "rate card is not loaded" in shown
    assert api_of(people["ana@acme.test"]).get(url).json()["cost"] is None
