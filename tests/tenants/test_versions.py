"""ETags: nothing new is told in short, and of two who saw the same one changes it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from conversations.models import Contact, Label
from tenants import context
from tests.api import Api, access_token, api_of, check_problem

pytestmark = pytest.mark.django_db
APP = {"name": "Acme", "app_id": "1482213665", "app_secret": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
HOOK = {"url": "https://93.184.216.34/in", "events": ["message.received"]}
CITY = {"key": "city", "label": "City", "kind": "TEXT"}
NEW = {"webhooks-out": HOOK, "meta-apps": APP, "contact-attributes": CITY}
CHANGES = {
    "contacts": {"name": "Marina"},
    "labels": {"name": "Trocas"},
    "contact-attributes": {"label": "Cidade"},
    "webhooks-out": {"description": "ERP"},
    "meta-apps": {"name": "Acme Brasil"},
    "users": {"role": "VIEWER"},
}
DELETED = [kind for kind in CHANGES if kind != "contacts"]
BY_NAME = [kind for kind in CHANGES if kind != "users"]


@pytest.fixture
def boss(people):
    return api_of(people["admin@acme.test"])


@pytest.fixture
def place(acme, boss, people):
    """Make one thing of a kind; return its address."""
    base = f"/api/v1/tenant/{acme.pk}"

    def make(kind: str) -> str:
        if kind in {"contacts", "labels"}:
            model = Contact if kind == "contacts" else Label
            with context.tenant(acme.schema_name):
                return f"{base}/{kind}/{model.objects.create(name='First').pk}/"
        if kind == "users":
            return f"{base}/users/{people['ana@acme.test'].pk}/"
        made = boss.post(f"{base}/{kind}/", NEW[kind])
        return f"{base}/{kind}/{made.json()['id']}/"

    return make


def change(api, where, body, **headers):
    return api.client.patch(
        where, body, content_type="application/json", headers=api._headers(headers)
    )


@pytest.mark.parametrize("kind", CHANGES)
def test_what_is_known_is_not_told_again(boss, place, kind):
    where = place(kind)
    first = boss.get(where)
    etag = first["ETag"]
    assert etag[0] == etag[-1] == '"'

    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = boss.get(where, If_None_Match=known)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert boss.get(where, If_None_Match='"other"').json() == first.json()
    assert boss.get(where)["ETag"] == etag


@pytest.mark.parametrize("kind", CHANGES)
def test_only_what_was_seen_is_changed(boss, place, kind):
    where = place(kind)
    etag = boss.get(where)["ETag"]

    changed = change(boss, where, CHANGES[kind], If_Match=etag)
    late = change(boss, where, CHANGES[kind], If_Match=etag)

    assert changed.status_code == 200, changed.content
    assert changed["ETag"] == boss.get(where)["ETag"] != etag
    check_problem(late, 412, "changed_meanwhile")
    assert change(boss, where, CHANGES[kind], If_Match="*").status_code == 200
    assert change(boss, where, CHANGES[kind]).status_code == 200  # who says nothing may


@pytest.mark.parametrize("kind", DELETED)
def test_only_what_was_seen_is_deleted(boss, place, kind):
    where = place(kind)
    etag = boss.get(where)["ETag"]
    seen = change(boss, where, CHANGES[kind])["ETag"]

    check_problem(boss.send("DELETE", where, If_Match=etag), 412, "changed_meanwhile")
    assert boss.send("DELETE", where, If_Match=seen).status_code == 204
    check_problem(boss.send("DELETE", where, If_Match=seen), 404, "not_found")


@pytest.mark.parametrize("odd", ["", "abc", '"abc', "\u00e9", "'x'"])
def test_an_odd_condition_is_400(boss, place, odd):
    where = place("labels")

    problem = check_problem(change(boss, where, CHANGES["labels"], If_Match=odd), 400, "invalid")

    assert [error["header"] for error in problem["errors"]] == ["If-Match"]
    assert boss.get(where).json()["name"] == "First"


def test_a_weak_one_is_no_condition_that_holds(boss, place):
    where = place("labels")
    weak = f"W/{boss.get(where)['ETag']}"

    check_problem(change(boss, where, CHANGES["labels"], If_Match=weak), 412, "changed_meanwhile")


def test_a_condition_that_nobody_would_check_is_refused(boss, acme, phones):
    where = f"/api/v1/tenant/{acme.pk}/phones/{phones['acme'].pk}/"

    check_problem(change(boss, where, {"name": "x"}, If_Match='"x"'), 400, "invalid")


def test_who_may_not_is_told_nothing(people, place):
    where = place("labels")
    ana, foreigner = api_of(people["ana@acme.test"]), api_of(people["admin@globex.test"])

    check_problem(change(ana, where, CHANGES["labels"], If_Match='"x"'), 403, "forbidden")
    there = Api("localhost", foreigner.headers["Authorization"].removeprefix("Bearer "))
    check_problem(change(there, where, CHANGES["labels"], If_Match='"x"'), 404, "not_found")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", BY_NAME)
def test_of_many_who_saw_the_same_one_changes_it(people, acme, boss, place, kind):
    where = place(kind)
    etag = boss.get(where)["ETag"]
    token = access_token(people["admin@acme.test"], acme)
    (field,) = CHANGES[kind]
    barrier = Barrier(4)

    def write(number):
        barrier.wait(30)
        try:
            body = {field: f"Name {number}"}
            return change(Api("acme.localhost", token), where, body, If_Match=etag)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(write, range(4)))

    (won,) = [one for one in answers if one.status_code == 200]
    assert [one.status_code for one in answers if one is not won] == [412] * 3
    assert boss.get(where).json() == won.json()
