"""Templates by the API and on their page: four looks at every door."""

import pytest
from django.utils import timezone

from tenants import context
from tenants.models import AuditEvent
from tests.api import Api, Queries, api_of, check_problem
from tests.whatsapp.templates import BODY, WABA, template
from whatsapp.models import Job, MessageTemplate, Phone

pytestmark = pytest.mark.django_db

NEW = {
    "name": "pedido_novo",
    "language": "pt_BR",
    "category": "UTILITY",
    "components": [{**BODY, "example": {"body_text": [["Ana", "A-7"]]}}],
}


@pytest.fixture
def known(acme, phones) -> MessageTemplate:
    with context.tenant(acme.schema_name):
        return template()


@pytest.fixture
def base(acme, phones) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def vera(people) -> Api:
    return api_of(people["vera@acme.test"])


def _patch(api: Api, path: str, body: dict):
    return api.tell("PATCH", path, body)


def _jobs(tenant) -> list[tuple[str, str, dict]]:
    with context.tenant(tenant.schema_name):
        return list(Job.objects.order_by("pk").values_list("kind", "subject", "arguments"))


def test_the_list_shows_what_fills_a_template(vera, base, known):
    (shown,) = vera.get(f"{base}/templates/").json()["results"]

    assert (shown["name"], shown["status"], shown["account"]) == ("pedido_saiu", "APPROVED", WABA)
    assert [field["key"] for field in shown["fields"]] == ["body.1", "body.2"]
    assert vera.get(f"{base}/templates/{known.pk}/").json() == shown


def test_the_list_is_read_in_a_fixed_number_of_queries(acme, vera, base, known):
    with context.tenant(acme.schema_name):
        for number in range(12):
            template(f"t{number}", status_at=timezone.now())
    with Queries() as queries:
        page = vera.get(f"{base}/templates/?limit=10").json()

    assert len(page["results"]) == 10
    assert page["next"]
    assert len(queries) <= 4, queries.statements


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["known"]),
        ("status=DELETED", ["gone"]),
        ("search=KNO", ["known"]),
        ("search=x", []),
        ("account=999999", []),
    ],
)
def test_the_list_is_filtered(acme, vera, base, query, names):
    with context.tenant(acme.schema_name):
        template("known")
        template("gone", status="DELETED")

    results = vera.get(f"{base}/templates/?{query}").json()["results"]

    assert [row["name"] for row in results] == names


@pytest.mark.parametrize("query", ["status=X", "account=x", "x=1", "search=%00", "limit=0"])
def test_odd_parameters_are_refused(vera, base, query):
    check_problem(vera.get(f"{base}/templates/?{query}"), 400, "invalid")


def test_reading_is_for_the_tenants_own_people(people, base, known):
    foreign = api_of(people["admin@globex.test"], public=True)
    for path in ("templates/", f"templates/{known.pk}/", "jobs/1/"):
        check_problem(foreign.get(f"{base}/{path}"), 404, "not_found")
        assert Api("acme.localhost").get(f"{base}/{path}").status_code == 401


def test_another_tenants_templates_and_jobs_do_not_exist(people, globex, known, boss, base):
    own = api_of(people["admin@globex.test"])
    job = boss.post(f"{base}/templates/sync").json()[0]
    globexs = f"/api/v1/tenant/{globex.pk}"

    check_problem(own.get(f"{globexs}/templates/{known.pk}/"), 404, "not_found")
    check_problem(own.get(f"{globexs}/jobs/{job['id']}/"), 404, "not_found")
    check_problem(own.send("DELETE", f"{globexs}/templates/{known.pk}/"), 404, "not_found")


def test_a_sync_is_a_job(acme, people, base, phones):
    ana = api_of(people["ana@acme.test"])

    answer = ana.post(f"{base}/templates/sync")
    again = ana.post(f"{base}/templates/sync")

    assert answer.status_code == 202
    assert again.json() == answer.json()
    assert _jobs(acme) == [("TEMPLATES_SYNC", WABA, {})]
    (job,) = answer.json()
    assert ana.get(f"{base}/jobs/{job['id']}/").json() == job


def test_viewers_change_nothing(vera, base, known):
    check_problem(vera.post(f"{base}/templates/sync"), 403, "forbidden")
    check_problem(vera.post(f"{base}/templates/", NEW), 403, "forbidden")
    address = f"{base}/templates/{known.pk}/"
    body = {"components": NEW["components"]}
    check_problem(_patch(vera, address, body), 403, "forbidden")
    check_problem(vera.send("DELETE", address), 403, "forbidden")


def test_operators_sync_and_do_not_create(people, base, known):
    check_problem(api_of(people["ana@acme.test"]).post(f"{base}/templates/", NEW), 403, "forbidden")


def test_without_a_number_there_is_nothing_to_sync(people, acme):
    base = f"/api/v1/tenant/{acme.pk}"
    boss = api_of(people["admin@acme.test"])

    check_problem(boss.post(f"{base}/templates/sync"), 409, "no_account")
    check_problem(boss.post(f"{base}/templates/", NEW), 409, "no_account")


def test_create_edit_and_delete_become_jobs(acme, boss, base, known):
    address = f"{base}/templates/{known.pk}/"

    answers = [
        boss.post(f"{base}/templates/", NEW),
        _patch(boss, address, {"components": NEW["components"]}),
        boss.send("DELETE", address),
    ]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert _jobs(acme) == [
        ("TEMPLATE_CREATE", WABA, NEW),
        (
            "TEMPLATE_EDIT",
            WABA,
            {
                "name": "pedido_saiu",
                "template_id": "700",
                "changes": {"components": NEW["components"]},
            },
        ),
        (
            "TEMPLATE_DELETE",
            WABA,
            {"name": "pedido_saiu", "template_id": "700", "languages": ["pt_BR"]},
        ),
    ]
    with context.platform():
        actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"template.create_asked", "template.edit_asked", "template.delete_asked"} <= actions


def test_a_delete_says_which_languages_go(acme, boss, base, known):
    with context.tenant(acme.schema_name):
        template(language="en", template_id="701")
        template(language="es", template_id="702", status="DELETED")
        template("other", language="fr", template_id="703")
    address = f"{base}/templates/{known.pk}/"

    own, every = boss.send("DELETE", address), boss.send("DELETE", f"{address}?languages=all")

    assert own.json()["languages"] == ["pt_BR"]
    assert every.json()["languages"] == ["en", "pt_BR"]
    assert [(one["template_id"], one["languages"]) for _, _, one in _jobs(acme)] == [
        ("700", ["pt_BR"]),
        ("", ["en", "pt_BR"]),
    ]
    check_problem(boss.send("DELETE", f"{address}?languages=x"), 400, "invalid")
    check_problem(boss.get(f"{address}?languages=all"), 400, "invalid")


def test_what_meta_would_refuse_is_named(acme, boss, base, known):
    bad = {**NEW, "name": "Nome", "components": [{"type": "BODY", "text": "{{1}}"}]}
    problem = check_problem(boss.post(f"{base}/templates/", bad), 400, "invalid")
    edit = check_problem(
        _patch(boss, f"{base}/templates/{known.pk}/", {"components": []}), 400, "invalid"
    )

    places = {error["pointer"] for error in problem["errors"]}
    assert {"#/name", "#/components/0/text", "#/components/0/example"} <= places
    assert [error["pointer"] for error in edit["errors"]] == ["#/components"]
    assert _jobs(acme) == []


@pytest.mark.parametrize("odd", [{"x": 1}, {"name": 3}, {"components": "x"}, {"account": 1}])
def test_odd_templates_are_refused(boss, base, odd):
    check_problem(boss.post(f"{base}/templates/", {**NEW, **odd}), 400, "invalid")


def test_a_name_and_language_are_taken_once(boss, base, known):
    again = {**NEW, "name": "pedido_saiu"}

    check_problem(boss.post(f"{base}/templates/", again), 409, "template_exists")
    assert boss.post(f"{base}/templates/", {**again, "language": "en"}).status_code == 202


def test_another_account_is_none_of_ours(boss, base):
    check_problem(boss.post(f"{base}/templates/", {**NEW, "account": "9"}), 409, "no_account")


def test_with_several_accounts_one_is_named(acme, boss, base, phones):
    with context.tenant(acme.schema_name):
        Phone.objects.create(phone_number_id="55555", waba_id="777777", name="x")

    check_problem(boss.post(f"{base}/templates/", NEW), 400, "invalid")
    assert boss.post(f"{base}/templates/", {**NEW, "account": "777777"}).status_code == 202
    assert len(boss.post(f"{base}/templates/sync").json()) == 2


@pytest.mark.parametrize("status", ["PENDING", "DISABLED", "DELETED"])
def test_some_states_are_locked(acme, boss, base, known, status):
    with context.tenant(acme.schema_name):
        MessageTemplate.objects.update(status=status)
    address = f"{base}/templates/{known.pk}/"
    body = {"components": NEW["components"]}

    check_problem(_patch(boss, address, body), 409, "template_locked")
    if status != "PENDING":
        check_problem(boss.send("DELETE", address), 409, "template_locked")


# --- the page -------------------------------------------------------------------------------------
def test_the_page_shows_templates_and_how_fresh_they_are(acme, page, known):
    vera = page("vera@acme.test")

    shown = vera.get("/templates/").content.decode()
    assert "pedido_saiu" in shown
    assert 'data-status="APPROVED"' in shown
    assert "Never synced" in shown
    assert "/templates/sync" not in shown

    with context.tenant(acme.schema_name):
        Job.objects.create(
            kind="TEMPLATES_SYNC", subject=WABA, state="DONE", finished_at=timezone.now()
        )
    assert "Synced 0" in vera.get("/templates/").content.decode()


def test_sync_now_starts_a_job_and_shows_it(acme, page, known):
    ana = page("ana@acme.test")

    assert ana.post("/templates/sync")["Location"] == "/templates/"
    assert _jobs(acme) == [("TEMPLATES_SYNC", WABA, {})]
    assert "Being fetched" in ana.get("/templates/").content.decode()


def test_the_page_is_for_the_tenants_people(page, known):
    assert page("vera@acme.test").post("/templates/sync").status_code == 403
    assert "pedido_saiu" not in page("ana@globex.test").get("/templates/").content.decode()


def test_the_page_takes_odd_searches(page, known):
    for query in ("%00", "x" * 3000, "%25", "'"):
        assert page("ana@acme.test").get(f"/templates/?q={query}").status_code == 200
