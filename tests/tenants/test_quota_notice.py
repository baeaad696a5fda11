"""How much of a plan is used: told on the pages of those who send, and written down once."""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import context
from tenants.feed.models import UsageDay
from tenants.models import AuditEvent, Plan
from tenants.services import usage

PAGES = ["/inbox/", "/broadcasts/", "/templates/", "/settings/numbers/"]
NOTICE = 'id="quota"'


@pytest.fixture
def place(acme):
    with context.platform():
        Plan.objects.update(messages_per_month=1000)
    with context.tenant(acme.schema_name):
        yield acme


def use(messages):
    with connection.cursor() as cursor:
        usage.usage.count(cursor, sent=messages)


def written():
    """Return what the audit log says of the plan, the first first."""
    with context.platform():
        events = AuditEvent.objects.filter(action__startswith="quota.").order_by("pk")
        return [(one.action, one.changes["limit"], one.tenant_id) for one in events]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_from_four_fifths_on_how_much_is_used(page, place, address):
    use(799)
    ana = page("ana@acme.test")
    assert NOTICE not in ana.get(address).content.decode()
    with context.tenant(place.schema_name):
        use(25)

    html = ana.get(address).content.decode()

    assert NOTICE in html
    assert "82 % of your plan is used: 824 of 1,000 messages of this month." in html
    assert "used-up" not in html


def test_a_plan_that_is_used_up_is_said_plainly(page, place):
    use(1000)

    html = page("admin@acme.test").get("/inbox/").content.decode()

    assert "The 1,000 messages of your plan are used up for this month." in html
    assert "used-up" in html


def test_more_than_the_plan_has_is_used_up_too(page, place):
    use(5000)  # the plan was made smaller

    assert "used-up" in page("ana@acme.test").get("/inbox/").content.decode()


def test_who_only_reads_and_other_tenants_are_told_nothing(page, place):
    use(1000)

    assert NOTICE not in page("vera@acme.test").get("/inbox/").content.decode()
    assert NOTICE not in page("ana@globex.test").get("/inbox/").content.decode()


def test_last_month_is_over(page, place):
    use(1000)
    first = timezone.now().date().replace(day=1)
    UsageDay.objects.update(day=first - timedelta(days=1))

    assert NOTICE not in page("ana@acme.test").get("/inbox/").content.decode()


def test_a_plan_without_a_limit_costs_no_query_and_one_with_a_limit_costs_one(page, place):
    ana = page("ana@acme.test")
    ana.get("/broadcasts/")
    with context.platform():
        Plan.objects.update(messages_per_month=None)
    with context.tenant(place.schema_name):
        use(1000)
    asked = count_of(ana)
    with context.platform():
        Plan.objects.update(messages_per_month=1000)

    assert count_of(ana) == asked + 1


def count_of(browser):
    with CaptureQueriesContext(connection) as captured:
        browser.get("/broadcasts/")
    return len([one for one in captured if not one["sql"].startswith("SET search_path")])


def test_each_mark_is_written_down_when_it_is_passed(place, caplog):
    caplog.set_level(logging.WARNING, "tenants.services.usage")
    for messages in (799, 1, 1, 198, 1):
        usage.take(messages)

    assert written() == [("quota.near", 1000, place.pk), ("quota.reached", 1000, place.pk)]
    assert [record.getMessage() for record in caplog.records] == [
        "tenant t_acme: 80 % of the 1000 messages of its month are used",
        "tenant t_acme: 100 % of the 1000 messages of its month are used",
    ]


def test_a_mark_is_passed_once_a_month_and_limit(place):
    usage.take(800)
    with connection.cursor() as cursor:
        usage.usage.take_back(cursor, [timezone.now()])
    usage.take(1)
    assert len(written()) == 1
    with context.platform():
        Plan.objects.update(messages_per_month=1100)

    usage.take(100)

    assert [limit for _, limit, _ in written()] == [1000, 1100]


def test_both_marks_at_once_are_one_line(place):
    usage.take(1000)

    assert [action for action, _, _ in written()] == ["quota.reached"]


def test_what_is_refused_passes_no_mark(place):
    with pytest.raises(usage.QuotaReachedError):
        usage.take(1001)

    assert written() == []
