"""The console's pages of tenants and people: every change is a service's, refusals are plain."""

import pytest
from django.db import connection
from django.test import Client

from tenants import context
from tenants.feed import usage
from tenants.models import AuditEvent, Membership, Plan, Tenant, User

INLINE = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
PASSWORD = "correct horse battery"


@pytest.fixture
def hooli(db) -> dict[str, object]:
    """The form of a new tenant, filled in."""
    with context.platform():
        plan = Plan.objects.get(code=Plan.Code.STARTER)
    return {
        "name": "Hooli",
        "subdomain": "hooli",
        "plan": plan.pk,
        "admin_email": "gavin@hooli.test",
        "admin_name": "Gavin",
        "admin_password": PASSWORD,
    }


def confirmed(action: str, *objects: object) -> dict[str, object]:
    keys = [obj.pk for obj in objects]
    return {"action": action, "_selected_action": keys, "confirmed": "yes", "reason": "a test"}


def why(action: str) -> str:
    """The reason that was written down for an act."""
    with context.platform():
        return AuditEvent.objects.get(action=action).reason


def fresh(obj):
    with context.platform():
        return type(obj)._default_manager.get(pk=obj.pk)


def test_a_tenant_is_opened_with_its_first_admin(console, hooli):
    answer = console.post("/admin/tenants/tenant/add/", hooli)

    assert answer.status_code == 302, answer.content.decode()
    with context.platform():
        place = Membership.objects.select_related("user", "tenant").get(tenant__subdomain="hooli")
    assert (place.user.email, place.role) == ("gavin@hooli.test", "ADMIN")
    browser = Client(SERVER_NAME="hooli.localhost")
    signed_in = browser.post("/login/", {"email": "gavin@hooli.test", "password": PASSWORD})
    assert signed_in.status_code == 302


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"subdomain": "admin"}, "A subdomain is 3 to 40 lower-case letters"),
        ({"subdomain": "acme"}, "already exists"),
        ({"admin_password": "demo"}, "too short"),
        ({"admin_password": ""}, "too short"),
        ({"admin_email": "nobody"}, "valid email"),
        ({"name": ""}, "required"),
        ({"plan": "999"}, "valid choice"),
    ],
)
def test_a_refusal_keeps_what_was_typed(console, acme, hooli, other, sentence):
    html = console.post("/admin/tenants/tenant/add/", {**hooli, **other}).content.decode()

    assert sentence in html
    assert 'value="Gavin"' in html
    assert PASSWORD not in html
    with context.platform():
        assert not Tenant.objects.filter(name="Hooli").exists()
        assert not User.objects.filter(email="gavin@hooli.test").exists()


def test_what_is_fixed_is_not_changed(console, acme):
    form = {**INLINE, "name": "Acme Ltda", "plan": acme.plan_id}
    form |= {"subdomain": "other", "schema_name": "t_globex", "status": "CANCELLED", "id": "1"}
    console.post(f"/admin/tenants/tenant/{acme.pk}/change/", form)

    now = fresh(acme)
    assert now.name == "Acme Ltda"
    assert (now.subdomain, now.schema_name, now.status) == ("acme", "t_acme", "ACTIVE")
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(name="Acme")


def test_suspending_asks_first(console, acme, page):
    chosen = {"action": "suspend", "_selected_action": [acme.pk]}
    asked = console.post("/admin/tenants/tenant/", chosen)
    assert "Suspend?" in asked.content.decode()
    assert fresh(acme).status == "ACTIVE"

    console.post("/admin/tenants/tenant/", {**chosen, "confirmed": "yes", "reason": "a test"})

    assert fresh(acme).status == "SUSPENDED"
    assert page("ana@acme.test").post("/inbox/1/reply", {"text": "hi"}).status_code == 403


def test_a_tenant_is_suspended_and_resumed_from_its_own_page(console, acme):
    address = f"/admin/tenants/tenant/{acme.pk}"
    assert "Suspend?" in console.get(f"{address}/suspend/").content.decode()
    assert fresh(acme).status == "ACTIVE"

    answer = console.post(f"{address}/suspend/", {"confirmed": "yes", "reason": "a test"})
    assert answer["Location"] == f"{address}/change/"
    assert fresh(acme).status == "SUSPENDED"

    console.post(f"{address}/resume/", {"confirmed": "yes", "reason": "it paid"})
    assert fresh(acme).status == "ACTIVE"
    assert (why("tenant.suspended"), why("tenant.resumed")) == ("a test", "it paid")


def test_no_tenant_is_suspended_without_a_reason(console, acme, globex):
    chosen = confirmed("suspend", acme, globex) | {"reason": "  "}
    answers = [
        console.post("/admin/tenants/tenant/", chosen),
        console.post(f"/admin/tenants/tenant/{acme.pk}/suspend/", {"confirmed": "yes"}),
    ]

    for answer in answers:
        assert answer.status_code == 400
        assert "Say why" in answer.content.decode()
    assert fresh(acme).status == fresh(globex).status == "ACTIVE"


@pytest.mark.parametrize("action", ["suspend", "resume", "delete"])
def test_no_get_changes_a_tenant(console, acme, action):
    console.get(f"/admin/tenants/tenant/{acme.pk}/{action}/?confirmed=yes")

    assert fresh(acme).status == "ACTIVE"


@pytest.mark.parametrize("key", ["1", "x", "%00", "00000000-0000-0000-0000-000000000000"])
def test_a_tenant_that_does_not_exist_is_not_suspended(console, key):
    answer = console.post(
        f"/admin/tenants/tenant/{key}/suspend/", {"confirmed": "yes", "reason": "a test"}
    )

    assert answer.status_code in (302, 400, 404)


def test_a_plan_is_renamed_and_keeps_its_code(console, db):
    with context.platform():
        plan = Plan.objects.get(code=Plan.Code.STARTER)
    console.post(f"/admin/tenants/plan/{plan.pk}/change/", {"name": "Início", "code": "FREE"})

    assert (fresh(plan).name, fresh(plan).code) == ("Início", "STARTER")
    assert console.get("/admin/tenants/plan/add/").status_code == 403
    with context.platform():
        Plan.objects.filter(pk=plan.pk).update(name="Starter")


def test_an_account_is_made_and_can_sign_in_where_it_works(console, acme):
    person = {"email": "nova@acme.test", "name": "Nova", "new_password": PASSWORD}
    console.post("/admin/tenants/user/add/", person)
    with context.platform():
        nova = User.objects.get(email="nova@acme.test")
    place = {"user": nova.pk, "tenant": acme.pk, "role": "VIEWER"}
    console.post("/admin/tenants/membership/add/", place)

    browser = Client(SERVER_NAME="acme.localhost")
    signed_in = browser.post("/login/", {"email": "nova@acme.test", "password": PASSWORD})
    assert signed_in.status_code == 302


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"email": "ANA@acme.test"}, "is violated"),
        ({"email": "x"}, "valid email"),
        ({"new_password": "demo"}, "too short"),
        ({"new_password": ""}, "required"),
    ],
)
def test_an_impossible_account_is_refused(console, other, sentence):
    person = {"email": "nova@acme.test", "name": "Nova", "new_password": PASSWORD, **other}
    html = console.post("/admin/tenants/user/add/", person).content.decode()

    assert sentence in html
    with context.platform():
        assert not User.objects.filter(name="Nova").exists()


def test_a_persons_password_hash_is_never_shown(console, people):
    ana = people["ana@acme.test"]
    html = console.get(f"/admin/tenants/user/{ana.pk}/change/").content.decode()

    assert "pbkdf2" not in html
    assert fresh(ana).password not in html


@pytest.mark.parametrize(
    ("page", "lookup"),
    [
        ("tenants/user", "password__startswith=pbkdf2"),
        ("tenants/user", "created_at__year=99999999"),
        ("tenants/membership", "user__password__startswith=pbkdf2"),
        ("webhooks/metaapp", "app_secret_sealed__startswith=k1"),
        ("webhooks/webhookdelivery", "body__contains=x"),
        ("webhooks/parkedunit", "delivery__body__contains=x"),
    ],
)
def test_a_list_is_filtered_by_its_filters_and_by_nothing_else(console, meta_app, page, lookup):
    assert console.get(f"/admin/{page}/?{lookup}").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "tenants/tenant/?status__exact=SUSPENDED",
        "tenants/user/?is_active__exact=1",
        "webhooks/webhookdelivery/?state__exact=NEW",
        "webhooks/parkedunit/?state__exact=PARKED",
        "webhooks/parkedunit/?tenant__id__exact={acme}",
        "tenants/auditevent/?tenant__id__exact={acme}",
    ],
)
def test_a_filter_that_there_is_filters(console, acme, address):
    assert console.get(f"/admin/{address.format(acme=acme.pk)}").status_code == 200


def test_a_new_password_ends_the_persons_sessions(console, people, page):
    ana, browser = people["ana@acme.test"], page("ana@acme.test")
    form = {"email": ana.email, "name": ana.name, "new_password": PASSWORD}
    console.post(f"/admin/tenants/user/{ana.pk}/change/", form)

    assert browser.get("/inbox/").status_code == 302
    assert fresh(ana).token_version == 1


def test_nothing_else_of_a_person_is_taken_from_the_form(console, people):
    ana = people["ana@acme.test"]
    form = {"email": ana.email, "name": "Ana Paula", "is_active": "", "token_version": "7"}
    console.post(f"/admin/tenants/user/{ana.pk}/change/", {**form, "password": "x"})

    now = fresh(ana)
    assert now.name == "Ana Paula"
    assert (now.is_active, now.token_version, now.password) == (True, 0, ana.password)


def test_people_are_deactivated_and_never_deleted(console, people):
    ana = people["ana@acme.test"]
    console.post("/admin/tenants/user/", confirmed("deactivate", ana))
    assert not fresh(ana).is_active

    console.post(
        f"/admin/tenants/user/{ana.pk}/reactivate/", {"confirmed": "yes", "reason": "she is back"}
    )
    assert fresh(ana).is_active
    assert (why("user.deactivated"), why("user.reactivated")) == ("a test", "she is back")


def test_of_many_those_that_cannot_be_changed_are_named(console, people):
    chosen = confirmed("deactivate", people["ana@acme.test"], people["admin@acme.test"])
    html = console.post("/admin/tenants/user/", chosen, follow=True).content.decode()

    assert "last admin of Acme" in html
    assert "Changed: 1" in html
    assert fresh(people["admin@acme.test"]).is_active


def test_the_super_admin_cannot_lock_himself_out(console, people):
    boss = people["admin@balcao.test"]
    html = console.post(
        f"/admin/tenants/user/{boss.pk}/change/", {"email": boss.email, "name": boss.name}
    ).content.decode()

    assert "last super-admin" in html
    assert fresh(boss).is_superuser


def test_a_lost_phone_is_forgotten(console, people):
    boss = people["admin@balcao.test"]
    console.post(
        f"/admin/tenants/user/{boss.pk}/forget-factor/", {"confirmed": "yes", "reason": "a test"}
    )

    assert console.get("/admin/").status_code == 302
    asked = console.get("/admin/", follow=True).content.decode()
    assert "data:image/svg+xml" in asked
    assert why("user.second_factor_forgotten") == "a test"


def test_a_role_is_changed_and_the_last_admin_stays(console, people, acme):
    with context.platform():
        places = {p.role: p for p in Membership.objects.filter(tenant=acme)}
    vera, admin = places["VIEWER"], places["ADMIN"]

    console.post(f"/admin/tenants/membership/{vera.pk}/change/", {"role": "OPERATOR"})
    refused = console.post(f"/admin/tenants/membership/{admin.pk}/change/", {"role": "VIEWER"})
    console.post("/admin/tenants/membership/", confirmed("remove", admin))

    assert fresh(vera).role == "OPERATOR"
    assert "last admin of Acme" in refused.content.decode()
    assert fresh(admin).role == "ADMIN"


def test_a_membership_does_not_move_to_another_tenant(console, people, acme, globex):
    with context.platform():
        place = Membership.objects.get(user=people["vera@acme.test"], tenant=acme)
    form = {"role": "VIEWER", "tenant": globex.pk, "user": people["admin@globex.test"].pk}
    console.post(f"/admin/tenants/membership/{place.pk}/change/", form)

    assert (fresh(place).tenant_id, fresh(place).user_id) == (acme.pk, place.user_id)


def test_every_change_says_who_and_from_where(console, acme, people):
    console.post(
        f"/admin/tenants/tenant/{acme.pk}/suspend/", {"confirmed": "yes", "reason": "a test"}
    )

    with context.platform():
        event = AuditEvent.objects.get(action="tenant.suspended")
    assert event.actor_id == people["admin@balcao.test"].pk
    assert event.reason == "a test"
    assert event.ip_address == "127.0.0.1"
    assert len(event.request_id) == 32
    html = console.get("/admin/tenants/auditevent/").content.decode()
    assert "tenant.suspended" in html


def test_the_audit_log_has_no_form(console, acme):
    console.post(
        f"/admin/tenants/tenant/{acme.pk}/suspend/", {"confirmed": "yes", "reason": "a test"}
    )
    with context.platform():
        event = AuditEvent.objects.get(action="tenant.suspended")
    address = f"/admin/tenants/auditevent/{event.pk}/change/"

    assert console.get(address).status_code == 200
    assert console.post(address, {"action": "nothing"}).status_code == 403
    assert fresh(event).action == "tenant.suspended"


def test_the_list_says_what_each_tenant_used_this_month(console, acme, globex):
    with context.tenant(acme.schema_name), connection.cursor() as cursor:
        usage.count(cursor, received=12_345, sent=6_789)
    with context.platform():
        Tenant.objects.filter(pk=globex.pk).update(status=Tenant.Status.BROKEN)  # tables may lack

    html = console.get("/admin/tenants/tenant/").content.decode()

    assert "6,789 out, 12,345 in" in html
    assert "0 out, 0 in" not in html


def test_a_plan_s_messages_of_a_month_are_set_here_and_their_share_is_shown(console, acme):
    with context.tenant(acme.schema_name), connection.cursor() as cursor:
        usage.count(cursor, received=1, sent=820)
    form = {
        "name": "Starter",
        "messages_per_second": "",
        "messages_per_month": "1000",
        "requests_per_hour": "2000",
    }

    console.post(f"/admin/tenants/plan/{acme.plan_id}/change/", form)

    with context.platform():
        plan = Plan.objects.get(pk=acme.plan_id)
        event = AuditEvent.objects.get(action="plan.changed")
    limits = {"messages_per_second": None, "messages_per_month": 1000, "requests_per_hour": 2000}
    assert event.changes == limits == {name: getattr(plan, name) for name in limits}
    html = console.get("/admin/tenants/tenant/").content.decode()
    assert "820 of 1,000 out (82 %), 1 in" in html
    console.post(f"/admin/tenants/plan/{acme.plan_id}/change/", {**form, "messages_per_month": ""})
    with context.platform():
        assert Plan.objects.get(pk=acme.plan_id).messages_per_month is None
