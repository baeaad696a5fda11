"""A tenant's own Meta apps by the API and on their pages: four looks at every door."""

import pytest

from tenants import context
from tenants.models import AuditEvent
from tests.api import Api, api_of, check_problem
from whatsapp.models import Phone
from whatsapp.webhooks.models import MetaApp, PhoneRoute
from whatsapp.webhooks.services import apps

pytestmark = pytest.mark.django_db

SECRET = "0123456789abcdef0123456789abcdef"
NEW_SECRET = "fedcba9876543210fedcba9876543210"
NEW = {"name": "Own", "app_id": "471100", "app_secret": SECRET}


@pytest.fixture
def own(acme) -> MetaApp:
    return apps.register_app(actor=None, tenant=acme, verify_token="a-token-of-mine", **NEW)


@pytest.fixture
def base(acme, phones) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


def patch(api: Api, path: str, body: object):
    return api.tell("PATCH", path, body)


def stored(app: MetaApp) -> MetaApp:
    with context.platform():
        return MetaApp.objects.get(pk=app.pk)


def app_of(tenant) -> MetaApp:
    with context.platform():
        return PhoneRoute.objects.select_related("app").get(tenant=tenant).app


def phone_of(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Phone.objects.get().pk


def actions() -> list[str]:
    with context.platform():
        return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


# --- the API --------------------------------------------------------------------------------------
def test_an_app_is_made_with_what_meta_asks_for(boss, base, acme, settings):
    settings.PUBLIC_URL = "https://balcao.example.com"

    answer = boss.post(f"{base}/meta-apps/", NEW)

    made = answer.json()
    with context.platform():
        app = MetaApp.objects.get(tenant=acme)
    assert answer.status_code == 201
    address = f"https://balcao.example.com/webhook/whatsapp/apps/{app.app_key}"
    assert made["callback_url"] == address
    assert made["verify_token"] == apps.opened(app=app, column="verify_token")
    assert len(made["verify_token"]) >= 24
    assert SECRET not in answer.content.decode()
    assert apps.opened(app=app, column="app_secret") == SECRET


def test_secrets_are_never_given_back(boss, base, own):
    shown = boss.get(f"{base}/meta-apps/{own.pk}/")
    listed = boss.get(f"{base}/meta-apps/")

    assert listed.json()["results"] == [shown.json()]
    for answer in (shown, listed):
        assert SECRET not in answer.content.decode()
        assert "a-token-of-mine" not in answer.content.decode()


def test_the_platforms_app_and_removed_ones_are_not_listed(boss, base, own, meta_app):
    apps.remove_app(actor=None, app=own)

    assert boss.get(f"{base}/meta-apps/").json()["results"] == []
    check_problem(boss.get(f"{base}/meta-apps/{own.pk}/"), 404, "not_found")
    check_problem(boss.get(f"{base}/meta-apps/{meta_app.pk}/"), 404, "not_found")


def test_a_new_secret_keeps_the_one_before(boss, base, own):
    address = f"{base}/meta-apps/{own.pk}/"

    changed = patch(boss, address, {"app_secret": NEW_SECRET, "name": "Renamed"}).json()

    assert (changed["name"], changed["has_previous_secret"]) == ("Renamed", True)
    assert apps.opened(app=stored(own), column="app_secret") == NEW_SECRET
    assert boss.send("DELETE", f"{base}/meta-apps/{own.pk}/previous-secret").status_code == 204
    assert not boss.get(address).json()["has_previous_secret"]
    assert actions()[-3:] == [
        "meta_app.secret_rotated",
        "meta_app.changed",
        "meta_app.previous_secret_forgotten",
    ]


def test_an_app_is_removed_once_no_number_is_on_it(boss, base, own, acme):
    number = phone_of(acme)
    assert patch(boss, f"{base}/phones/{number}/app", {"meta_app": own.pk}).status_code == 200

    check_problem(boss.send("DELETE", f"{base}/meta-apps/{own.pk}/"), 409, "app_in_use")
    assert patch(boss, f"{base}/phones/{number}/app", {"meta_app": None}).status_code == 200
    assert boss.send("DELETE", f"{base}/meta-apps/{own.pk}/").status_code == 204

    assert stored(own).removed_at is not None
    assert boss.post(f"{base}/meta-apps/", NEW).status_code == 201  # its id may come again


def test_a_number_moves_to_the_own_app_and_back(boss, base, own, acme, meta_app):
    address = f"{base}/phones/{phone_of(acme)}/app"

    assert patch(boss, address, {"meta_app": own.pk}).json()["meta_app"] == own.pk
    assert app_of(acme) == own
    assert patch(boss, address, {"meta_app": None}).json()["meta_app"] is None
    assert app_of(acme) == meta_app
    assert actions().count("number.app_changed") == 2
    patch(boss, address, {"meta_app": None})
    assert actions().count("number.app_changed") == 2


def test_a_number_does_not_move_to_an_app_that_takes_nothing(boss, base, own, acme, meta_app):
    address = f"{base}/phones/{phone_of(acme)}/app"
    apps.change_app(actor=None, app=own, name="Own", is_active=False)

    check_problem(patch(boss, address, {"meta_app": own.pk}), 409, "app_inactive")
    assert app_of(acme) == meta_app


def test_another_tenants_apps_do_not_exist(people, base, own, globex, phones, acme):
    stranger = api_of(people["admin@globex.test"])
    public = api_of(people["admin@globex.test"], public=True)
    theirs = f"/api/v1/tenant/{globex.pk}"

    assert stranger.get(f"{theirs}/meta-apps/").json()["results"] == []
    check_problem(public.get(f"{base}/meta-apps/"), 404, "not_found")
    check_problem(public.post(f"{base}/meta-apps/", NEW), 404, "not_found")
    for answer in (
        stranger.get(f"{theirs}/meta-apps/{own.pk}/"),
        patch(stranger, f"{theirs}/meta-apps/{own.pk}/", {"name": "x"}),
        stranger.send("DELETE", f"{theirs}/meta-apps/{own.pk}/"),
        stranger.send("DELETE", f"{theirs}/meta-apps/{own.pk}/previous-secret"),
        patch(stranger, f"{theirs}/phones/{phone_of(globex)}/app", {"meta_app": own.pk}),
        patch(stranger, f"{theirs}/phones/999/app", {"meta_app": None}),
        patch(public, f"{base}/phones/{phone_of(acme)}/app", {"meta_app": None}),
    ):
        check_problem(answer, 404, "not_found")
    assert stored(own).name == "Own"


def test_an_app_id_is_taken_once(boss, base, own, people, globex):
    stranger = api_of(people["admin@globex.test"])

    check_problem(boss.post(f"{base}/meta-apps/", NEW), 409, "app_taken")
    theirs = stranger.post(f"/api/v1/tenant/{globex.pk}/meta-apps/", NEW)
    assert theirs.status_code == 201  # nobody learns that somebody else has it


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
def test_apps_are_for_admins(people, base, own, who, acme):
    other = api_of(people[who])

    for answer in (
        other.get(f"{base}/meta-apps/"),
        other.post(f"{base}/meta-apps/", NEW),
        other.get(f"{base}/meta-apps/{own.pk}/"),
        patch(other, f"{base}/meta-apps/{own.pk}/", {"name": "x"}),
        other.send("DELETE", f"{base}/meta-apps/{own.pk}/"),
        other.send("DELETE", f"{base}/meta-apps/{own.pk}/previous-secret"),
        patch(other, f"{base}/phones/{phone_of(acme)}/app", {"meta_app": own.pk}),
    ):
        check_problem(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "odd",
    [{"app_id": "x"}, {"app_id": 471100, "x": 1}, {"app_secret": None}, {"name": ""}],
)
def test_odd_apps_are_refused(boss, base, odd):
    check_problem(boss.post(f"{base}/meta-apps/", {**NEW, **odd}), 400, "invalid")


def test_a_weak_secret_is_refused(boss, base, own):
    check_problem(boss.post(f"{base}/meta-apps/", {**NEW, "app_secret": "x"}), 400, "secret_weak")
    answer = patch(boss, f"{base}/meta-apps/{own.pk}/", {"verify_token": "x"})
    check_problem(answer, 400, "secret_weak")
    check_problem(patch(boss, f"{base}/meta-apps/{own.pk}/", {"x": 1}), 400, "invalid")
    for odd in ({}, {"meta_app": "1"}, {"meta_app": 0}):
        check_problem(patch(boss, f"{base}/phones/1/app", odd), 400, "invalid")


def test_there_are_ten_apps_at_most(boss, base, own):
    answers = [boss.post(f"{base}/meta-apps/", {**NEW, "app_id": f"80000{n}"}) for n in range(10)]

    assert [answer.status_code for answer in answers] == [201] * 9 + [409]
    check_problem(answers[-1], 409, "too_many_apps")
    boss.send("DELETE", f"{base}/meta-apps/{own.pk}/")
    assert boss.post(f"{base}/meta-apps/", {**NEW, "app_id": "800009"}).status_code == 201


# --- the pages ------------------------------------------------------------------------------------
def test_the_page_takes_an_app_and_shows_what_meta_asks_for(page, acme, phones):
    admin = page("admin@acme.test")

    answer = admin.post("/settings/apps/", NEW)

    with context.platform():
        app = MetaApp.objects.get(tenant=acme)
    assert answer["Location"] == f"/settings/apps/{app.pk}/"
    shown = admin.get(answer["Location"]).content.decode()
    assert f"/webhook/whatsapp/apps/{app.app_key}" in shown
    assert str(apps.opened(app=app, column="verify_token")) in shown
    assert SECRET not in shown
    assert "Own" in admin.get("/settings/apps/").content.decode()


def test_the_page_names_what_is_wrong_and_forgets_the_secret(page, meta_app):
    admin = page("admin@acme.test")

    weak = admin.post("/settings/apps/", {**NEW, "app_secret": "short-secret"})
    odd = admin.post("/settings/apps/", {**NEW, "app_id": "x"})
    taken = admin.post("/settings/apps/", {**NEW, "app_id": meta_app.app_id.rjust(5, "0")})

    assert (weak.status_code, odd.status_code, taken.status_code) == (400, 400, 302)
    assert "16 printable characters" in weak.content.decode()
    assert "digits only" in odd.content.decode()
    assert "short-secret" not in weak.content.decode()
    assert SECRET not in odd.content.decode()


def test_the_page_changes_an_app(page, own, acme):
    admin = page("admin@acme.test")
    address = f"/settings/apps/{own.pk}/"

    admin.post(address, {"name": "Renamed", "is_active": "on"})
    admin.post(f"{address}secret", {"app_secret": NEW_SECRET})

    changed = stored(own)
    assert (changed.name, changed.is_active) == ("Renamed", True)
    assert apps.opened(app=changed, column="app_secret") == NEW_SECRET
    assert "earlier secret signed" in admin.get(address).content.decode()
    admin.post(f"{address}forget")
    assert stored(own).previous_secret_sealed == ""
    assert admin.post(address, {"name": ""}).status_code == 400
    assert admin.post(f"{address}secret", {"app_secret": "x"}).status_code == 400


def test_the_page_moves_a_number_and_removes_an_app(page, own, acme, phones):
    admin = page("admin@acme.test")
    move = f"/settings/apps/numbers/{phones['acme'].pk}"
    admin.post(move, {"app": own.pk})
    assert app_of(acme) == own

    kept = admin.post(f"/settings/apps/{own.pk}/remove", follow=True).content.decode()
    assert "move them to another one first" in kept
    assert stored(own).removed_at is None
    admin.post(move, {"app": ""})
    gone = admin.post(f"/settings/apps/{own.pk}/remove", follow=True)
    assert "The app is removed" in gone.content.decode()
    assert stored(own).removed_at is not None


def test_the_pages_are_for_the_tenants_admins(page, own, phones):
    address = f"/settings/apps/{own.pk}/"
    doors = [("/settings/apps/", "GET"), (address, "GET"), (address, "POST")]
    doors += [(f"{address}{act}", "POST") for act in ("secret", "forget", "remove")]
    doors += [(f"/settings/apps/numbers/{phones['acme'].pk}", "POST")]

    operator, stranger = page("ana@acme.test"), page("admin@globex.test")
    for path, method in doors:
        assert operator.generic(method, path).status_code == 403, path
    for path, method in doors[1:-1]:
        assert stranger.generic(method, path).status_code == 404, path
    assert stranger.post(doors[-1][0], {"app": own.pk}).status_code == 404
    assert "Own" not in stranger.get("/settings/apps/").content.decode()
