"""The super-admin's pages: who gets in, what they show, what they change, what they never say."""

import zoneinfo
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants import context
from tenants.console import ConsoleAdmin
from tenants.models import AuditEvent, Rate, User
from tenants.services import second_factor
from tests.tenants.letting_in import opened
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery

PEOPLE = "/admin/autocomplete/?app_label=tenants&model_name=membership&field_name=user&term=ana"
BOSS = {"username": "admin@balcao.test", "password": "demo"}


@pytest.fixture
def visitor(people) -> Client:
    """Somebody on the public host."""
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def code(people) -> Callable[[], str]:
    """Return the code that the super-admin's phone shows."""

    def shown() -> str:
        device = second_factor.device_of(people["admin@balcao.test"])
        return f"{totp(device.bin_key):06d}"

    return shown


def address_of(model: type[Model], page: str, *keys: object) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=keys, urlconf="config.urls_public")


def first_of(model: type[Model]) -> Model | None:
    with context.platform():
        return model._default_manager.order_by("pk").first()


def test_nobody_is_sent_to_the_login(visitor):
    assert visitor.get("/")["Location"] == "/admin/"
    assert visitor.get("/admin/tenants/user/")["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize(
    "credentials",
    [
        {**BOSS, "password": "wrong"},
        {"username": "admin@acme.test", "password": "demo"},
        {"username": "nobody@balcao.test", "password": "demo"},
        {"username": "x" * 300, "password": "demo"},
        {"username": "", "password": ""},
    ],
    ids=["wrong", "a tenant's admin", "unknown", "too long", "empty"],
)
def test_others_stay_outside(visitor, credentials):
    html = visitor.post("/admin/login/", credentials).content.decode()

    assert "/admin/login/" in html or "login-form" in html
    assert visitor.get("/admin/").status_code == 302


def test_a_password_alone_opens_nothing(visitor):
    visitor.post("/admin/login/", BOSS)

    assert visitor.get("/admin/").status_code == 302
    asked = visitor.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/admin/second-factor/")
    for page in ("/admin/tenants/tenant/", "/admin/webhooks/metaapp/add/", "/admin/search/?s=a"):
        assert visitor.get(page).status_code == 302


def test_the_first_code_enrolls_and_opens(visitor, code):
    visitor.post("/admin/login/", BOSS)
    asked = visitor.get("/admin/second-factor/").content.decode()
    assert "data:image/svg+xml" in asked

    answer = visitor.post("/admin/second-factor/", {"code": code(), "next": "/admin/tenants/plan/"})

    assert answer["Location"] == "/admin/tenants/plan/"
    assert visitor.get("/admin/").status_code == 200


def test_a_known_phones_key_is_not_shown_again(visitor, code):
    visitor.post("/admin/login/", BOSS)
    visitor.post("/admin/second-factor/", {"code": code()})
    other = Client(SERVER_NAME="localhost")
    other.post("/admin/login/", BOSS)

    asked = other.get("/admin/second-factor/").content.decode()

    assert "data:image/svg+xml" not in asked
    assert other.post("/admin/second-factor/", {"code": "000000"}).status_code == 403
    assert other.get("/admin/").status_code == 302


def test_the_second_factor_is_nobody_elses_page(visitor):
    assert visitor.get("/admin/second-factor/")["Location"] == "/admin/login/"
    assert visitor.post("/admin/second-factor/", {"code": "1"})["Location"] == "/admin/login/"
    with context.platform():
        assert not TOTPDevice.objects.exists()


@pytest.mark.parametrize("back", ["//evil.example", "https:evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_host(visitor, code, back):
    assert visitor.post(f"/admin/login/?next={back}", BOSS)["Location"] == "/admin/"
    answer = visitor.post("/admin/second-factor/", {"code": code(), "next": back})
    assert answer["Location"] == "/admin/"


def test_the_demo_needs_no_phone(visitor, settings):
    settings.BALCAO_DEMO = True
    visitor.post("/admin/login/", BOSS)

    assert visitor.get("/admin/").status_code == 200


def test_guessing_is_slowed_down(visitor):
    for _ in range(8):
        answer = visitor.post("/admin/login/", {**BOSS, "password": "wrong"})

    assert "Too many failed tries" in answer.content.decode()


def test_a_super_admin_who_is_no_longer_one_is_out_at_once(console, people):
    assert console.get("/admin/").status_code == 200
    with context.platform():
        User.objects.filter(pk=people["admin@balcao.test"].pk).update(is_superuser=False)

    assert console.get("/admin/").status_code == 302


def test_the_consoles_session_opens_no_tenant(console, acme):
    assert console.get("/inbox/", SERVER_NAME="acme.localhost").status_code == 302


def test_the_console_has_a_policy_of_its_own(console):
    policy = console.get("/admin/")["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy


def test_only_our_own_pages_are_there():
    site = admin.site

    assert all(isinstance(page, ConsoleAdmin) for page in site._registry.values())
    assert not site.is_registered(Group)
    assert not site.is_registered(TOTPDevice)
    assert {model._meta.label_lower for model in site._registry} == {
        "tenants.tenant",
        "tenants.plan",
        "tenants.rate",
        "tenants.user",
        "tenants.mail",
        "tenants.membership",
        "tenants.auditevent",
        "tenants.supportaccess",
        "webhooks.phoneroute",
        "webhooks.metaapp",
        "webhooks.webhookdelivery",
        "webhooks.parkedunit",
    }


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_page_opens(console, phones, acme, language):
    headers = {"accept-language": language}
    for model in admin.site._registry:
        for query in ("", "?q=1", "?o=1.-2"):
            address = address_of(model, "changelist") + query
            assert console.get(address, headers=headers).status_code == 200, address
        address = address_of(model, "add")
        assert console.get(address, headers=headers).status_code in (200, 403), address
        if (first := first_of(model)) is not None:
            address = address_of(model, "change", first.pk)
            assert console.get(address, headers=headers).status_code == 200, address


@pytest.mark.parametrize(
    "address", ["?q=%00", "?p=999999999", "?o=99", "?e=1", "?status__exact=%00"]
)
def test_a_list_takes_nonsense(console, address):
    answer = console.get(f"/admin/tenants/tenant/{address}")

    assert answer.status_code in (200, 302, 400)


@pytest.mark.parametrize("key", ["1", "x", "%00", "00000000-0000-0000-0000-000000000000"])
def test_a_page_of_nothing_leads_back(console, key):
    answer = console.get(f"/admin/tenants/tenant/{key}/change/")

    assert answer.status_code in (302, 404)


def test_nothing_can_be_deleted(console, phones, acme, people):
    for model in admin.site._registry:
        if (first := first_of(model)) is None:
            continue
        address = address_of(model, "delete", first.pk)
        assert console.post(address, {"post": "yes"}).status_code == 403, address
        chosen = {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"}
        console.post(address_of(model, "changelist"), chosen)
        assert first_of(model) == first


def acts_of(page: ConsoleAdmin) -> list[tuple[str, dict[str, object]]]:
    """Where each act of a model's pages is confirmed, and with which form; no reason is in it."""
    with context.platform():
        key = page.model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    listed = address_of(page.model, "changelist")
    chosen = {"_selected_action": [key], "confirmed": "yes"}
    return [
        *((listed, {**chosen, "action": name}) for name in page.actions),
        *(
            (f"{listed}{key}/{getattr(page, name).url_path}/", {"confirmed": "yes"})
            for name in page.actions_detail
        ),
    ]


def test_every_act_asks_why(console, phones, people, meta_app, acme):
    opened(people["admin@balcao.test"], acme)
    with context.platform():
        delivery = WebhookDelivery.objects.create(app=meta_app, body=b"{}", sha256=b"")
        ParkedUnit.objects.create(delivery=delivery, unit_index=0, reason="UNROUTED")
        Rate.objects.create(country="Brazil", prefix="55", price=1, starts_on=timezone.now().date())
        before = AuditEvent.objects.count()
    acts = [act for page in admin.site._registry.values() for act in acts_of(page)]
    assert len(acts) > 15

    for address, form in acts:
        answer = console.post(address, form)
        assert answer.status_code == 400, (address, form)
        assert "Say why" in answer.content.decode(), (address, form)
    with context.platform():
        assert AuditEvent.objects.count() == before


def test_the_first_page_counts(console, acme, globex, phones):
    html = console.get("/admin/").content.decode()

    for title in ("Active tenants", "Deliveries in the last day", "Parked units waiting"):
        assert title in html


@pytest.mark.parametrize(("seconds", "is_shown"), [(50, False), (70, True)])
def test_the_first_page_says_when_bulk_is_paused(console, meta_app, seconds, is_shown):
    with context.platform():
        WebhookDelivery.objects.create(
            app=meta_app,
            body=b"{}",
            sha256=b"",
            received_at=timezone.now() - timedelta(seconds=seconds),
        )

    page = console.get("/admin/").content.decode()

    assert ("Bulk messages are paused" in page) is is_shown


def test_django_keeps_no_record_beside_the_audit_log(console, acme):
    form = {"name": "Acme Ltda", "plan": acme.plan_id}
    form |= {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    console.post(f"/admin/tenants/tenant/{acme.pk}/change/", form)

    with context.platform():
        assert AuditEvent.objects.filter(action="tenant.changed").exists()
        assert not admin.models.LogEntry.objects.exists()


def test_a_super_admin_gives_himself_a_new_password(console, people):
    old = {"old_password": "demo"}
    weak = console.post(
        "/admin/password_change/", {**old, "new_password1": "demo", "new_password2": "demo"}
    )
    assert "too short" in weak.content.decode()

    new = "correct horse battery"
    console.post("/admin/password_change/", {**old, "new_password1": new, "new_password2": new})

    assert console.get("/admin/").status_code == 200
    with context.platform():
        boss = User.objects.get(pk=people["admin@balcao.test"].pk)
        assert AuditEvent.objects.filter(action="user.password_set", actor=boss).exists()
    assert boss.check_password(new)
    assert boss.token_version == 1


def test_signing_out_ends_the_session(console):
    console.post("/admin/logout/")

    assert console.get("/admin/").status_code == 302


def test_a_search_field_tells_people_of_one_name_apart(console, people):
    texts = [found["text"] for found in console.get(PEOPLE).json()["results"]]

    assert "Ana · ana@acme.test" in texts
    assert "Ana · ana@globex.test" in texts


def test_a_search_field_is_for_super_admins(visitor, page):
    assert visitor.get(PEOPLE).status_code == 302
    assert page("admin@acme.test").get(PEOPLE).status_code == 404


def test_times_are_shown_where_the_business_is(console, acme, settings):
    settings.DISPLAY_TIME_ZONE = "Pacific/Kiritimati"
    local = timezone.localtime(acme.created_at, zoneinfo.ZoneInfo("Pacific/Kiritimati"))

    html = console.get(f"/admin/tenants/tenant/{acme.pk}/change/").content.decode()

    assert date_format(local, "DATETIME_FORMAT") in html
    assert timezone.get_current_timezone_name() == "UTC"
