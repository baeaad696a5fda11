"""Looking at one's own sessions and ending them, by the API and on the page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import context
from tenants.models import RefreshSession
from tests.api import Api, api_of, check_problem, key_of, open_session

pytestmark = pytest.mark.django_db

PAGE = "/settings/sessions/"


@pytest.fixture
def ana(people):
    return people["ana@acme.test"]


@pytest.fixture
def path(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/sessions/"


def going_on(user) -> set:
    with context.platform():
        rows = RefreshSession.objects.filter(user=user, revoked_at=None)
        return set(rows.values_list("pk", flat=True))


def test_ones_own_sessions_are_listed(ana, people, acme, path):
    other = open_session(ana, acme).session_id
    open_session(people["admin@acme.test"], acme)
    open_session(ana, acme, timezone.now() - timedelta(days=90))  # over

    results = api_of(ana).get(path).json()["results"]

    assert {one["is_current"]: one["id"] for one in results}[False] == str(other)
    assert len(results) == 2
    assert set(results[0]) == {"id", "created_at", "used_at", "expires_at", "is_current"}


def test_one_is_ended_and_its_token_refused_at_once(ana, path):
    first, second = api_of(ana), api_of(ana)
    (current,) = (one for one in first.get(path).json()["results"] if one["is_current"])

    assert second.send("DELETE", f"{path}{current['id']}/").status_code == 204

    check_problem(first.get(path), 401, "token_invalid")
    assert second.get(path).status_code == 200
    assert second.send("DELETE", f"{path}{current['id']}/").status_code == 404


def test_all_others_are_ended(ana, people, acme, path):
    theirs = open_session(people["vera@acme.test"], acme)
    others = [api_of(ana), api_of(ana)]
    api = api_of(ana)

    assert api.send("DELETE", path).status_code == 204

    assert api.get(path).status_code == 200
    assert {one.get(path).status_code for one in others} == {401}
    assert going_on(people["vera@acme.test"]) == {theirs.session_id}


@pytest.mark.parametrize("email", ["admin@acme.test", "admin@globex.test"])
def test_somebody_elses_is_404(ana, people, acme, globex, path, email, page):
    tenant = acme if "acme" in email else globex
    theirs = open_session(people[email], tenant).session_id

    assert api_of(ana).send("DELETE", f"{path}{theirs}/").status_code == 404
    assert page("ana@acme.test").post(f"{PAGE}end", {"session": theirs}).status_code == 404
    assert going_on(people[email]) == {theirs}


def test_a_key_has_no_sessions(people, acme, path):
    program = Api("acme.localhost", key_of(people["admin@acme.test"], acme, "numbers:read"))

    check_problem(program.get(path), 403, "scope_missing")
    check_problem(program.send("DELETE", path), 403, "scope_missing")


def test_unknown_parameters_are_refused(ana, path):
    assert api_of(ana).get(f"{path}?user=1").status_code == 400


def test_the_page_lists_and_ends_them(page, ana, acme):
    browser = page("ana@acme.test")
    assert "Nothing is signed in" in browser.get(PAGE).content.decode()
    first, second, third = (open_session(ana, acme).session_id for _ in range(3))
    assert str(first) in browser.get(PAGE).content.decode()

    browser.post(f"{PAGE}end", {"session": first})
    assert going_on(ana) == {second, third}
    browser.post(f"{PAGE}end")
    assert going_on(ana) == set()


@pytest.mark.parametrize("odd", ["", "x", "0b6f2c1e-8a54-4c1f-9a3e-0d6c1a2b3c4d"])
def test_the_page_takes_odd_ids(page, ana, acme, odd):
    mine = open_session(ana, acme).session_id

    assert page("ana@acme.test").post(f"{PAGE}end", {"session": odd}).status_code == 404
    assert going_on(ana) == {mine}
