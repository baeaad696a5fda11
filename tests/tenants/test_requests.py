"""Programs' requests count for their plan, strangers' for their address; nobody else is refused."""

import logging

import pytest
from django.test import Client

from tenants import buckets, context, limits
from tenants.buckets import AwayError
from tenants.models import AuditEvent, Mail, Plan
from tenants.services import requests
from tests.api import Api, Queries, api_of, check_problem, key_of

FAR = "203.0.113.7"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(buckets, "_silent_until", 0.0)
    monkeypatch.setattr(limits, "_local", {})
    monkeypatch.setattr(requests, "_closed", {})


@pytest.fixture
def path(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/conversations/"


@pytest.fixture
def plan(acme):
    """Give every plan so many requests an hour."""

    def give(quota):
        with context.platform():
            Plan.objects.update(requests_per_hour=quota)

    return give


def far(api: Api, address: str = FAR) -> Api:
    api.client.defaults["REMOTE_ADDR"] = address
    return api


# --- by plan --------------------------------------------------------------------------------------
def test_a_plan_s_hour_is_used_up_by_all_programs_together(people, acme, globex, path, plan):
    plan(3)
    ana = api_of(people["ana@acme.test"])
    program = Api("acme.localhost", key_of(people["admin@acme.test"], acme, "conversations:read"))

    answers = [ana.get(path), program.get(path), ana.get(path)]
    refused = program.get(path)

    assert [one.status_code for one in answers] == [200, 200, 200]
    assert [one["RateLimit"].partition(";t")[0] for one in answers] == [
        f'"plan";r={left}' for left in (2, 1, 0)
    ]
    assert {one["RateLimit-Policy"] for one in answers} == {'"plan";q=3;w=3600'}
    problem = check_problem(refused, 429, "rate_limited")
    assert "plan" in problem["detail"]
    assert 3590 <= int(refused["Retry-After"]) <= 3600
    assert refused["RateLimit"].startswith('"plan";r=0;t=')
    there = api_of(people["ana@globex.test"]).get(f"/api/v1/tenant/{globex.pk}/conversations/")
    assert there.status_code == 200  # another tenant's hour


def test_a_refused_request_does_nothing(people, acme, path, plan):
    plan(1)
    boss = api_of(people["admin@acme.test"])
    boss.get(path)

    check_problem(
        boss.post(f"/api/v1/tenant/{acme.pk}/meta-apps/", {"name": "x"}), 429, "rate_limited"
    )


def test_a_larger_plan_counts_at_once(people, path, plan):
    plan(1)
    ana = api_of(people["ana@acme.test"])
    ana.get(path)
    assert ana.get(path).status_code == 429

    plan(10)
    assert ana.get(path).status_code == 200
    plan(None)
    answer = ana.get(path)
    assert answer.status_code == 200
    assert "RateLimit" not in answer


def test_strangers_and_foreigners_do_not_use_up_a_plan(people, acme, globex, path, plan):
    plan(2)
    Api("acme.localhost", "no-token").get(path)
    Api("acme.localhost").get(path)
    check_problem(api_of(people["ana@globex.test"], public=True).get(path), 404, "not_found")

    assert api_of(people["ana@acme.test"]).get(path)["RateLimit"].startswith('"plan";r=1')


def test_who_may_not_is_counted_all_the_same(people, acme, plan):
    plan(2)
    vera = api_of(people["vera@acme.test"])

    answer = vera.get(f"/api/v1/tenant/{acme.pk}/api-keys/")

    check_problem(answer, 403, "forbidden")
    assert answer["RateLimit"].startswith('"plan";r=1')


def test_pages_are_not_counted(page, people, path, plan):
    plan(2)
    ana = page("ana@acme.test")
    for _ in range(4):
        assert ana.get("/inbox/").status_code == 200

    assert api_of(people["ana@acme.test"]).get(path)["RateLimit"].startswith('"plan";r=1')


def test_without_redis_plans_have_their_limits(people, path, plan, monkeypatch):
    def away(*_args):
        raise AwayError

    monkeypatch.setattr(buckets, "run", away)
    plan(2)
    ana = api_of(people["ana@acme.test"])

    assert [ana.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_a_request_costs_no_query_more(people, path, plan):
    """The plan comes along with the membership, or the key."""
    ana = api_of(people["ana@acme.test"])
    ana.get(path)
    found = []
    for quota in (None, 1000):
        plan(quota)
        with Queries() as queries:
            ana.get(path)
        found.append(len(queries))

    assert found[0] == found[1]


# --- what is told ---------------------------------------------------------------------------------
def test_each_mark_is_written_down_once_an_hour(people, acme, path, plan, caplog, settings):
    settings.MAIL_IS_SET_UP = True
    plan(5)
    ana = api_of(people["ana@acme.test"])
    with caplog.at_level(logging.WARNING, "tenants.services.requests"):
        for _ in range(7):
            ana.get(path)

    with context.platform():
        events = AuditEvent.objects.filter(action__startswith="requests.").order_by("pk")
        assert [(one.action, one.changes, one.tenant_id) for one in events] == [
            ("requests.near", {"limit": 5}, acme.pk),
            ("requests.reached", {"limit": 5}, acme.pk),
        ]
        letters = list(Mail.objects.order_by("pk").values_list("to", "subject"))
    assert [to for to, _subject in letters] == ["admin@acme.test"] * 2
    assert "80 %" in letters[0][1]
    assert "100 %" in letters[1][1]
    told = [one for one in caplog.records if one.name == "tenants.services.requests"]
    assert len(told) == 2


def test_redis_that_forgets_writes_nothing_twice(people, path, plan, monkeypatch, settings):
    plan(1)
    ana = api_of(people["ana@acme.test"])
    ana.get(path)
    settings.BUCKET_KEY_PREFIX = f"{settings.BUCKET_KEY_PREFIX}again:"

    ana.get(path)

    with context.platform():
        assert AuditEvent.objects.filter(action="requests.reached").count() == 1


@pytest.mark.parametrize("address", ["/inbox/", "/settings/numbers/"])
def test_admins_pages_say_from_four_fifths_on_how_much_is_used(page, people, path, plan, address):
    plan(10)
    boss, ana, program = page("admin@acme.test"), page("ana@acme.test"), people["ana@acme.test"]
    api = api_of(program)
    for _ in range(7):
        api.get(path)
    assert 'id="requests"' not in boss.get(address).content.decode()

    api.get(path)

    html = boss.get(address).content.decode()
    assert "80 % of your plan's API requests are used: 8 of 10 of this hour." in html
    assert 'id="requests"' not in ana.get("/inbox/").content.decode()
    for _ in range(3):
        api.get(path)
    html = boss.get(address).content.decode()
    assert "The 10 API requests that your plan has for an hour are used up" in html
    assert "for 59 minutes more" in html or "for 60 minutes more" in html


# --- by address -----------------------------------------------------------------------------------
def test_an_address_that_asks_too_much_waits(people, path, settings):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 3
    ana = far(api_of(people["ana@acme.test"]))

    answers = [ana.get(path) for _ in range(3)]
    refused = [ana.get(path), ana.get(path)]

    assert [one.status_code for one in answers] == [200] * 3
    assert answers[0]["RateLimit-Policy"] == '"address";q=3;w=60'
    for one in refused:
        check_problem(one, 429, "rate_limited")
        assert 1 <= int(one["Retry-After"]) <= 61
    assert far(api_of(people["ana@acme.test"]), "203.0.113.8").get(path).status_code == 200


def test_once_over_nobody_is_asked_any_more(people, path, settings, monkeypatch):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 1
    ana = far(api_of(people["ana@acme.test"]))
    ana.get(path), ana.get(path)
    monkeypatch.setattr(buckets, "run", None)

    with Queries() as queries:
        check_problem(ana.get(path), 429, "rate_limited")

    assert [one for one in queries.statements if "membership" in one] == []


def test_wrong_tokens_count_by_address(acme, path, settings):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 2
    guess = far(Api("acme.localhost", "blc_aaaaaaaaaaaa_" + "x" * 40))

    answers = [guess.get(path) for _ in range(4)]

    assert [one.status_code for one in answers] == [401, 401, 401, 429]
    assert answers[0]["RateLimit"].startswith('"address";r=1')


def test_strangers_on_pages_count_and_people_at_work_do_not(page, acme, settings):
    ana = page("ana@acme.test")
    ana.defaults["REMOTE_ADDR"] = FAR
    settings.ADDRESS_REQUESTS_PER_MINUTE = 2
    stranger = Client(SERVER_NAME="acme.localhost", REMOTE_ADDR=FAR)

    assert [stranger.get("/login/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert "Retry-After" in stranger.get("/login/")
    assert ana.get("/inbox/").status_code == 200
    copied = Client(SERVER_NAME="globex.localhost", REMOTE_ADDR=FAR)
    copied.cookies = ana.cookies
    assert copied.get("/inbox/").status_code == 429


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
    ],
)
def test_whose_address_it_is(path, settings, first, second, shared):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 1
    far(Api("acme.localhost"), first).get(path)
    far(Api("acme.localhost"), first).get(path)

    status = far(Api("acme.localhost"), second).get(path).status_code

    assert (status == 429) is shared


def test_only_a_proxy_of_ours_names_addresses(acme, path, settings):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 1
    liar = far(Api("acme.localhost"))

    statuses = [liar.get(path, X_Forwarded_For=f"198.51.100.{n}").status_code for n in range(3)]
    assert statuses == [401, 401, 429]
    settings.TRUSTED_PROXY_COUNT = 1
    statuses = [liar.get(path, X_Forwarded_For=f"198.51.100.{n}").status_code for n in range(3)]
    assert statuses == [401, 401, 401]


def test_this_machine_and_an_installation_without_the_limit_are_not_counted(path, settings):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 1
    here = Api("acme.localhost")
    assert [here.get(path).status_code for _ in range(4)] == [401] * 4
    settings.ADDRESS_REQUESTS_PER_MINUTE = 0
    away = far(Api("acme.localhost"))
    assert [away.get(path).status_code for _ in range(4)] == [401] * 4


def test_health_is_not_counted(settings):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 1
    scraper = Client(SERVER_NAME="localhost", REMOTE_ADDR=FAR)

    assert [scraper.get("/health/live").status_code for _ in range(4)] == [200] * 4


def test_addresses_take_no_room_for_ever(settings, monkeypatch):
    settings.ADDRESS_REQUESTS_PER_MINUTE = 1
    monkeypatch.setattr(requests, "CLOSED_MAX", 5)
    for number in range(20):
        for _ in range(2):
            requests.count(tenant=None, address=f"198.51.100.{number}")

    assert len(requests._closed) <= 5
