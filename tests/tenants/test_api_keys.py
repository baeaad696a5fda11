"""Programs' keys: what they open, what they never open, and who makes them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from tenants import context
from tenants.models import ApiKey, AuditEvent, Tenant
from tenants.permissions import SCOPES, TABLE, Permission, Scope
from tenants.services import keys
from tests.api import Api, Queries, api_of, check_problem, key_of

pytestmark = pytest.mark.django_db

NEW = {"name": "Loja virtual", "scopes": ["messages:write"]}


@pytest.fixture
def boss(people):
    return people["admin@acme.test"]


@pytest.fixture
def make(boss, acme):
    """Return a function that makes a key of acme's that may read conversations."""
    return lambda **fields: key_of(boss, acme, "conversations:read", **fields)


@pytest.fixture
def path(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/api-keys/"


def ask(tenant, secret: str, host: str = "acme.localhost", **headers: str):
    return Api(host, secret).get(f"/api/v1/tenant/{tenant.pk}/conversations/", **headers)


def row(secret: str) -> ApiKey:
    with context.platform():
        return ApiKey.objects.get(prefix=secret.split("_")[1])


def change(secret: str, **fields) -> None:
    with context.platform():
        ApiKey.objects.filter(pk=row(secret).pk).update(**fields)


# --- what a key opens -----------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["acme.localhost", "localhost"])
def test_a_key_opens_its_own_tenant(make, acme, host):
    assert ask(acme, make(), host).status_code == 200


def test_only_its_hash_is_kept(make):
    secret = make()

    assert secret.startswith("blc_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.tenants_apikey t WHERE t::text LIKE %s",
                       [f"%{secret[-40:]}%"])  # fmt: skip
        assert cursor.fetchone() == (0,)


def test_one_query_settles_which_program_asks(make, acme):
    secret = make()
    ask(acme, secret)

    with Queries() as queries:
        ask(acme, secret, "localhost")
    assert len([one for one in queries.statements if 'FROM "tenants_' in one]) == 1


def test_its_use_is_noted_once_a_minute(make, acme):
    secret = make()
    ask(acme, secret)
    first = row(secret).last_used_at
    assert first is not None

    ask(acme, secret)
    assert row(secret).last_used_at == first

    change(secret, last_used_at=first - timedelta(seconds=61))
    ask(acme, secret)
    assert row(secret).last_used_at > first


def test_a_key_does_what_its_scopes_say_and_nothing_else(make, acme):
    answer = Api("acme.localhost", make()).get(f"/api/v1/tenant/{acme.pk}/templates/")

    check_problem(answer, 403, "scope_missing")


def test_no_scope_manages_keys_or_people():
    given = frozenset().union(*SCOPES.values())

    assert not given & {Permission.MANAGE_KEYS, Permission.MANAGE_PEOPLE, Permission.OWN_SESSIONS}
    assert set(SCOPES) == set(Scope)
    assert set(TABLE) == set(Permission)


def test_a_scope_of_yesterday_gives_nothing(make, acme):
    secret = make()
    change(secret, scopes=["everything"])

    assert ask(acme, secret).status_code == 403


# --- what no key opens ----------------------------------------------------------------------------
def _moments_ago():
    return timezone.now() - timedelta(seconds=1)


REFUSED = {
    "revoked": {"revoked_at": _moments_ago},
    "expired": {"expires_at": _moments_ago},
    "from another network": {"networks": lambda: ["203.0.113.0/24", "2001:db8::/32"]},
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_does_not_hold_any_more_is_401(make, acme, wrong):
    secret = make()
    change(secret, **{field: value() for field, value in REFUSED[wrong].items()})

    check_problem(ask(acme, secret), 401, "token_invalid")


def test_a_key_of_another_tenant_is_401_on_a_host_and_404_elsewhere(people, acme, globex):
    theirs = key_of(people["admin@globex.test"], globex, *Scope)

    check_problem(ask(acme, theirs), 401, "token_invalid")
    check_problem(ask(acme, theirs, "localhost"), 404, "not_found")
    check_problem(ask(globex, theirs), 401, "token_invalid")
    assert ask(globex, theirs, "globex.localhost").status_code == 200


def test_a_suspended_tenants_key_is_401(make, acme):
    secret = make()
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status="SUSPENDED")

    check_problem(ask(acme, secret, "localhost"), 401, "token_invalid")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one[:-1] + ("a" if one[-1] != "a" else "b"),
        lambda one: one + "a",
        lambda one: one[:-1],
        lambda one: one.replace("blc_", "blc_x"),
        lambda one: "blc_",
        lambda one: "blc_" + "é" * 12 + "_" + "x" * 40,
        lambda one: "blc_" + "x" * 100_00,
        lambda one: "blc_\x00",
        lambda one: one.replace("_", "-", 2).replace("-", "_", 1),
    ],
    ids=range(9),
)
def test_a_wrong_key_is_401(make, acme, spoil):
    check_problem(ask(acme, spoil(make())), 401, "token_invalid")


def test_every_refusal_says_the_same_and_takes_the_same_work(make, acme, globex, people):
    good = make()
    wrong = [make() for _ in REFUSED]
    for secret, fields in zip(wrong, REFUSED.values(), strict=True):
        change(secret, **{field: value() for field, value in fields.items()})
    theirs = key_of(people["admin@globex.test"], globex, *Scope)
    bad = [*wrong, theirs, good[:-1] + "?", "blc_nothing", f"blc_{'x' * 12}_{'x' * 40}"]

    said, counts = set(), set()
    for secret in bad:
        with Queries() as queries:
            answer = ask(acme, secret)
        said.add(answer.content)
        counts.add(len(queries))

    assert len(said) == 1
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("networks", "address", "admitted"),
    [
        (["127.0.0.0/8"], "127.0.0.1", True),
        (["198.51.100.7"], "198.51.100.7", True),
        (["198.51.100.7"], "198.51.100.8", False),
        (["198.51.100.0/24"], "::ffff:198.51.100.8", True),
        (["2001:db8::/32"], "2001:db8:1::5", True),
        (["2001:db8::/32"], "198.51.100.8", False),
        (["198.51.100.0/24"], None, False),
        ([], None, True),
    ],
)
def test_networks(make, networks, address, admitted):
    secret = make(networks=networks)

    def admit():
        return keys.admit(secret=secret, host=None, address=address, now=timezone.now())

    if admitted:
        assert admit().key.pk == row(secret).pk
    else:
        with pytest.raises(keys.InvalidTokenError):
            admit()


def test_a_key_is_nobody_on_pages_and_ends_no_session(make, acme):
    program = Api("acme.localhost", make())

    assert program.get("/inbox/").status_code == 302
    assert program.post("/api/v1/auth/logout", {}).status_code == 401


# --- who makes them -------------------------------------------------------------------------------
def test_an_admin_makes_a_key_that_is_shown_once(boss, acme, path):
    answer = api_of(boss).post(path, {**NEW, "networks": ["203.0.113.7/24"]})

    assert answer.status_code == 201
    made = answer.json()
    assert made["networks"] == ["203.0.113.0/24"]
    assert ask(acme, made["key"]).status_code == 401  # not from there
    shown = api_of(boss).get(f"{path}{made['id']}/").json()
    assert "key" not in shown
    assert shown["prefix"] == made["key"].split("_")[1]
    assert api_of(boss).get(path).json()["results"] == [shown]


def test_the_same_request_makes_one_key(boss, path):
    api, word = api_of(boss), str(uuid4())
    first = api.post(path, NEW, Idempotency_Key=word)
    again = api.post(path, NEW, Idempotency_Key=word)
    other = api.post(path, {**NEW, "name": "Another"}, Idempotency_Key=word)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == {**first.json(), "key": None}
    check_problem(other, 422, "idempotency_other_body")
    with context.platform():
        assert ApiKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_once_makes_one_key(actor):
    boss = actor("admin@acme.test")

    def make(_number):
        try:
            return keys.make(
                actor=boss, name="K", scopes=["numbers:read"], now=timezone.now(), made_as="x"
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(8)))

    assert len({one.key.pk for one in made}) == 1
    assert len([one for one in made if one.secret]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/name"),
        ({**NEW, "scopes": []}, "#/scopes"),
        ({**NEW, "scopes": ["people:write"]}, "#/scopes/0"),
        ({**NEW, "networks": ["here"]}, "#/networks"),
        ({**NEW, "expires_at": "2020-01-01T00:00:00Z"}, "#/expires_at"),
        ({**NEW, "tenant": "x"}, "#/tenant"),
        ({**NEW, "name": "x" * 81}, "#/name"),
    ],
)
def test_what_makes_no_key(boss, path, body, pointer):
    document = check_problem(api_of(boss).post(path, body), 400, "invalid")

    assert pointer in [error["pointer"] for error in document["errors"]]


def test_an_account_has_so_many_keys(boss, acme, path, monkeypatch):
    monkeypatch.setattr(keys, "KEYS_MAX", 1)
    made = api_of(boss).post(path, NEW).json()

    check_problem(api_of(boss).post(path, NEW), 409, "too_many_keys")
    api_of(boss).send("DELETE", f"{path}{made['id']}/")
    assert api_of(boss).post(path, NEW).status_code == 201


def test_a_revoked_key_is_refused_at_once_and_stays_listed(boss, make, acme, path):
    secret = make()
    assert ask(acme, secret).status_code == 200

    for _ in range(2):
        assert api_of(boss).send("DELETE", f"{path}{row(secret).pk}/").status_code == 204

    check_problem(ask(acme, secret), 401, "token_invalid")
    assert api_of(boss).get(path).json()["results"][0]["revoked_at"]


def test_another_tenants_key_is_404(boss, people, globex, path):
    theirs = row(key_of(people["admin@globex.test"], globex, "numbers:read"))

    for method in ("GET", "DELETE"):
        assert api_of(boss).send(method, f"{path}{theirs.pk}/").status_code == 404
    assert api_of(boss).get(path).json()["results"] == []


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_others_may_not(people, path, email):
    check_problem(api_of(people[email]).get(path), 403, "forbidden")
    check_problem(api_of(people[email]).post(path, NEW), 403, "forbidden")


def test_a_key_manages_no_keys(boss, acme, path):
    program = Api("acme.localhost", key_of(boss, acme, *Scope))

    check_problem(program.get(path), 403, "scope_missing")
    check_problem(program.post(path, NEW), 403, "scope_missing")


def test_what_is_done_with_keys_is_in_the_audit_log(boss, acme, path, phones):
    made = api_of(boss).post(path, {**NEW, "scopes": ["numbers:write"]}).json()
    program = Api("acme.localhost", made["key"])
    policy = f"/api/v1/tenant/{acme.pk}/phones/{phones['acme'].pk}/"
    changed = program.send("PATCH", policy, b'{"read_policy": "NEVER"}', "application/json")
    api_of(boss).send("DELETE", f"{path}{made['id']}/")

    assert changed.status_code == 200, changed.content
    with context.platform():
        events = list(AuditEvent.objects.order_by("pk").values_list("action", "actor", "api_key"))
    assert events[0] == ("api_key.made", boss.pk, None)
    assert events[1][1:] == (None, made["id"])
    assert events[2] == ("api_key.revoked", boss.pk, None)
