"""Super-admins in a tenant: let in with a reason, for a while, and seen by its admins."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from conversations.models import Message
from tenants import context, sockets
from tenants import support as reading
from tenants.feed import live
from tenants.models import AuditEvent, Membership, RefreshSession, SupportAccess, Tenant, User
from tenants.services import second_factor, support
from tenants.services.links import LinkOverError
from tests.api import Api, api_of, check_problem
from tests.conversations.sending import conversation_with
from tests.tenants.letting_in import REASON, api_by, entered, let_in, opened, path_of
from tests.tenants.test_sockets import Page, until

pytestmark = pytest.mark.django_db

LOGIN = "/api/v1/auth/login"
OPEN = "/admin/tenants/tenant/{}/open/"


@pytest.fixture
def boss(people) -> User:
    return people["admin@balcao.test"]


def later(**span: float):
    return timezone.now() + timedelta(**span)


def only() -> SupportAccess:
    with context.platform():
        return SupportAccess.objects.select_related("user", "tenant").get()


def events(action: str) -> list[AuditEvent]:
    with context.platform():
        found = AuditEvent.objects.filter(action=action).select_related("actor", "tenant")
        return list(found.order_by("id"))


# --- the console ----------------------------------------------------------------------------------
def test_the_console_opens_a_tenant_and_leads_into_it(console, boss, acme):
    page = console.get(OPEN.format(acme.pk))
    answer = console.post(OPEN.format(acme.pk), {"role": "ADMIN", "reason": REASON})

    assert "Its admins see that you were there" in page.content.decode()
    html = answer.content.decode()
    link = html.partition('content="0; url=')[2].partition('"')[0]
    assert link.startswith("http://acme.localhost")
    assert "no-store" in answer["Cache-Control"]
    browser = Client(SERVER_NAME="acme.localhost")
    came = browser.get(path_of(link))
    assert (came.status_code, came["Location"]) == (302, "/inbox/")
    assert browser.get("/settings/people/").wsgi_request.actor.role == "ADMIN"
    (event,) = events("support.opened")
    assert (event.actor, event.tenant, event.reason) == (boss, acme, REASON)
    assert link.partition("=")[2] not in str(vars(only()))


@pytest.mark.parametrize(
    "form", [{"role": "ADMIN"}, {"role": "ADMIN", "reason": " \x00 "}, {"role": "OPERATOR"}, {}]
)
def test_without_a_reason_or_a_level_nothing_opens(console, acme, form):
    answer = console.post(OPEN.format(acme.pk), form)

    assert answer.status_code == 400
    with context.platform():
        assert not SupportAccess.objects.exists()


@pytest.mark.parametrize("status", ["CANCELLED", "BROKEN", "PROVISIONING"])
def test_a_tenant_without_pages_is_not_opened(console, acme, status):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status=status)

    answer = console.post(OPEN.format(acme.pk), {"role": "VIEWER", "reason": REASON})

    assert answer.status_code == 400
    assert "no pages at the moment" in answer.content.decode()


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000"])
def test_a_tenant_that_there_is_not_is_not_opened(console, key):
    assert console.get(OPEN.format(key)).status_code == 404


def test_the_console_lists_the_accesses_and_ends_one(console, boss, acme):
    browser = let_in(boss, acme)
    assert REASON in console.get("/admin/tenants/supportaccess/").content.decode()
    path = f"/admin/tenants/supportaccess/{only().pk}/end/"

    console.post(path, {"confirmed": "yes", "reason": "done"})

    assert only().ended_at is not None
    assert browser.get("/inbox/")["Location"] == "/support/over"
    (event,) = events("support.ended")
    assert event.reason == "done"


# --- the link -------------------------------------------------------------------------------------
def test_a_link_works_once(boss, acme):
    link = path_of(opened(boss, acme).link)
    browser = Client(SERVER_NAME="acme.localhost")
    assert browser.head(link).status_code == 405  # whoever looks ahead uses nothing up
    assert browser.get(link).status_code == 302

    again = Client(SERVER_NAME="acme.localhost").get(link)

    assert again.status_code == 404
    assert not again.cookies


def test_a_link_works_on_its_tenants_host_only(boss, acme, globex):
    link = path_of(opened(boss, acme).link)

    assert Client(SERVER_NAME="globex.localhost").get(link).status_code == 404
    assert Client(SERVER_NAME="localhost").get(link).status_code == 404
    assert Client(SERVER_NAME="acme.localhost").get(link).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "é", "\x00", "x" * 5000, "\ud800"])
def test_a_link_without_sense_leads_nowhere(boss, acme, token):
    answer = Client(SERVER_NAME="acme.localhost").get(
        "/support/enter", {"token": token.encode(errors="replace")}
    )

    assert answer.status_code == 404


def test_a_link_lives_for_a_minute(boss, acme):
    link = opened(boss, acme).link
    token = link.partition("=")[2]

    with pytest.raises(LinkOverError):
        support.enter(tenant=acme, token=token, now=later(seconds=61))
    assert support.enter(tenant=acme, token=token, now=later(seconds=59))


def _demote(boss):
    User.objects.filter(pk=boss.pk).update(is_superuser=False)


def _disable(boss):
    User.objects.filter(pk=boss.pk).update(is_active=False)


def _end(boss):
    access = SupportAccess.objects.get(user=boss, ended_at=None)
    support.end(actor=boss, access=access, now=timezone.now())


def _expire(boss):
    SupportAccess.objects.update(expires_at=timezone.now())


ENDS = [_demote, _disable, _end, _expire]


@pytest.mark.parametrize("end", [_demote, _disable, _end])
def test_a_link_of_somebody_who_may_no_more_leads_nowhere(boss, acme, end):
    link = path_of(opened(boss, acme).link)
    with context.platform():
        end(boss)

    assert Client(SERVER_NAME="acme.localhost").get(link).status_code == 404
    assert not events("support.entered")


def test_a_link_is_in_no_log(boss, acme, caplog):
    caplog.set_level("DEBUG")
    link = opened(boss, acme).link

    Client(SERVER_NAME="acme.localhost").get(path_of(link))

    assert "/support/enter 302" in caplog.text
    assert link.partition("=")[2] not in caplog.text


def test_a_second_one_takes_the_place_of_the_first(boss, acme, globex):
    first, elsewhere = let_in(boss, acme), let_in(boss, globex)
    second = let_in(boss, acme, "ADMIN")

    assert first.get("/inbox/")["Location"] == "/support/over"
    assert second.get("/inbox/").status_code == 200
    assert elsewhere.get("/inbox/").status_code == 200


# --- inside ---------------------------------------------------------------------------------------
def test_every_page_says_that_he_is_in_and_why(boss, acme):
    browser = let_in(boss, acme, "ADMIN")

    for path in ("/inbox/", "/settings/people/", "/templates/"):
        html = browser.get(path).content.decode()
        assert 'id="support-bar"' in html
        assert REASON in html
        assert "59\xa0minutes left" in html


def test_members_see_no_such_bar(page):
    assert 'id="support-bar"' not in page("ana@acme.test").get("/inbox/").content.decode()


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_it_signs_out_at_once(boss, acme, end):
    browser = let_in(boss, acme)
    api = api_by(only())
    path = f"/api/v1/tenant/{acme.pk}/conversations/"
    assert browser.get("/inbox/").status_code == 200
    assert api.get(path).status_code == 200

    with context.platform():
        end(boss)

    said = "/login/?next=%2Finbox%2F" if end is _disable else "/support/over"
    for _asked in range(2):
        over = browser.get("/inbox/")
        assert (over.status_code, over["Location"]) == (302, said)
    check_problem(api.get(path), 401, "token_invalid")


def test_a_fragment_and_a_fetch_are_told_so_as_well(boss, acme):
    for headers, status in (({"HX-Request": "true"}, 200), ({"Sec-Fetch-Mode": "cors"}, 401)):
        browser = let_in(boss, acme)
        with context.platform():
            _end(boss)

        answer = browser.get("/inbox/", headers=headers)

        assert answer.status_code == status
        assert answer.get("HX-Redirect", "/support/over") == "/support/over"
        assert "Support access is over" in browser.get("/support/over").content.decode()


def test_the_way_out_ends_it_everywhere(boss, acme):
    browser = let_in(boss, acme)
    api = api_by(only())

    assert browser.post("/logout/")["Location"] == "/support/over"

    assert only().ended_at is not None
    assert browser.get("/inbox/")["Location"] == "/support/over"
    assert api.get(f"/api/v1/tenant/{acme.pk}/conversations/").status_code == 401
    assert [event.actor for event in events("support.ended")] == [boss]


def test_a_looker_changes_nothing(boss, acme, phones):
    browser = let_in(boss, acme, "VIEWER")

    assert browser.post("/settings/api-keys/", {}).status_code == 403
    assert browser.get("/settings/support/").status_code == 403


def test_a_suspended_tenant_is_looked_at_and_not_changed(boss, acme):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status="SUSPENDED")
        acme.refresh_from_db()
    browser = let_in(boss, acme, "ADMIN")

    assert browser.get("/settings/people/").status_code == 200
    assert browser.post("/settings/people/", {}).status_code == 403


def test_his_session_is_of_this_tenant_only(boss, acme, globex):
    browser = let_in(boss, acme, "ADMIN")
    let_in(boss, globex)  # also while he is there, too

    assert browser.get("/inbox/", SERVER_NAME="globex.localhost").status_code == 302
    assert browser.get("/admin/", SERVER_NAME="localhost").status_code == 302


def test_an_access_of_another_tenant_or_person_in_a_session_lets_nobody_in(people, acme, globex):
    boss, ana = people["admin@balcao.test"], people["ana@acme.test"]
    now = timezone.now()
    theirs, ours = entered(boss, globex), entered(boss, acme)

    def actor(access, user):
        return reading.actor_in(access_id=access.pk, user=user, tenant=acme, now=now)

    assert actor(theirs, boss) is None
    assert actor(ours, ana) is None
    assert actor(ours, boss).role == "VIEWER"


def test_a_member_who_is_a_super_admin_stays_what_he_is(boss, acme):
    with context.platform():
        Membership.objects.create(user=boss, tenant=acme, role="VIEWER")
    member = Client(SERVER_NAME="acme.localhost")
    member.post("/login/", {"email": boss.email, "password": "demo"})
    let_in(boss, acme, "ADMIN")

    assert member.get("/inbox/").wsgi_request.actor.role == "VIEWER"


def test_what_he_does_is_his_in_the_audit_log(boss, acme):
    browser = let_in(boss, acme, "ADMIN")
    access = only()

    browser.post(
        "/settings/people/", {"email": "new@acme.test", "role": "VIEWER", "language": "en"}
    )
    people_api = api_by(access).post(
        f"/api/v1/tenant/{acme.pk}/api-keys/", {"name": "K", "scopes": ["contacts:read"]}
    )

    assert people_api.status_code == 201
    for action in ("invitation.made", "api_key.made"):
        (event,) = events(action)
        assert (event.actor, event.support_id) == (boss, access.pk), action


def test_what_he_writes_says_that_it_was_support(boss, acme, phones, page):
    with context.tenant(acme.schema_name):
        conversation = conversation_with(
            "5511987654321", phone=phones["acme"], opened_at=timezone.now()
        )
    browser = let_in(boss, acme, "ADMIN")

    browser.post(f"/inbox/{conversation.pk}/reply", {"text": "Hi", "client_id": str(uuid4())})

    with context.tenant(acme.schema_name):
        message = Message.objects.get()
        assert (message.author_id, message.by_support) == (boss.pk, True)
    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()
    assert "Boss (support)" in html


# --- the API --------------------------------------------------------------------------------------
def _login(boss, **more):
    body = {"email": boss.email, "password": "demo", **more}
    return Api("acme.localhost").post(LOGIN, body)


@pytest.fixture
def code(boss) -> str:
    """The one that his phone shows."""
    return f"{totp(second_factor.device_of(boss).bin_key):06d}"


def test_he_signs_in_at_the_api_while_he_is_in(boss, acme, code):
    check_problem(_login(boss, otp=code), 401, "credentials_refused")
    opened(boss, acme)
    check_problem(_login(boss, otp=code), 401, "credentials_refused")
    access = entered(boss, acme)

    answer = _login(boss, otp=code)

    assert answer.status_code == 200
    assert answer.json()["role"] == "VIEWER"
    api = Api("acme.localhost", answer.json()["access"])
    assert api.get(f"/api/v1/tenant/{acme.pk}/conversations/").status_code == 200
    refreshed = api.post("/api/v1/auth/refresh", {"refresh": answer.json()["refresh"]})
    assert refreshed.status_code == 200
    with context.platform():
        assert RefreshSession.objects.get().expires_at == access.expires_at
    support.end(actor=boss, access=access, now=timezone.now())
    over = api.post("/api/v1/auth/refresh", {"refresh": refreshed.json()["refresh"]})
    check_problem(over, 401, "token_invalid")


@pytest.mark.parametrize("otp", [{}, {"otp": "000000"}, {"otp": ""}, {"otp": "\u0661" * 6}])
def test_without_his_second_factor_he_does_not(boss, acme, otp):
    second_factor.device_of(boss)
    entered(boss, acme)

    assert _login(boss, **otp).status_code in {400, 401}
    with context.platform():
        assert not RefreshSession.objects.exists()


def test_the_login_page_does_not_let_him_in(boss, acme):
    entered(boss, acme)
    browser = Client(SERVER_NAME="acme.localhost")

    assert browser.post("/login/", {"email": boss.email, "password": "demo"}).status_code == 401


# --- the tenant's admins --------------------------------------------------------------------------
def test_admins_see_who_looked_in(boss, acme, globex, page, people):
    entered(boss, globex)
    entered(boss, acme)

    html = page("admin@acme.test").get("/settings/support/").content.decode()
    listed = api_of(people["admin@acme.test"]).get(f"/api/v1/tenant/{acme.pk}/support-access/")

    assert REASON in html
    assert html.count('id="support-access-') == 1
    (row,) = listed.json()["results"]
    assert (row["name"], row["role"], row["reason"]) == ("Boss", "VIEWER", REASON)
    assert row["entered_at"] is not None


def test_an_empty_list_says_so(page):
    html = page("admin@acme.test").get("/settings/support/").content.decode()

    assert "Nobody has looked in yet." in html


# --- sockets --------------------------------------------------------------------------------------
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.django_db(transaction=True)
def test_a_socket_ends_with_it(boss, acme, end, monkeypatch):
    monkeypatch.setattr(live, "hub", live.Hub())
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.2)
    cookie = let_in(boss, acme).cookies["session"].value

    def act() -> None:
        with context.platform():
            end(boss)

    async def scenario() -> None:
        async with Page(cookie) as page:
            await asyncio.sleep(0.5)
            assert page.code is None  # checked, and still welcome
            await asyncio.to_thread(act)
            await until(lambda: page.code == sockets.REFUSED)

    asyncio.run(scenario())


# --- the service ----------------------------------------------------------------------------------
def test_it_runs_out_by_itself(boss, acme):
    access = entered(boss, acme)
    with context.platform():
        going_on = SupportAccess.objects.going_on(later(minutes=59)).exists()
        over = SupportAccess.objects.going_on(later(minutes=61)).exists()

    assert (going_on, over) == (True, False)
    assert not support.end(actor=boss, access=access, now=later(minutes=61))
    assert not events("support.ended")


def test_one_that_ran_out_ended_then_and_not_when_the_next_one_opens(boss, acme):
    first = entered(boss, acme)

    support.open_access(
        actor=boss, tenant=acme, role="VIEWER", reason=REASON, now=later(minutes=90)
    )

    with context.platform():
        first.refresh_from_db()
    assert first.ended_at == first.expires_at
    assert not events("support.ended")


def test_twice_is_one_end(boss, acme):
    access = entered(boss, acme)

    assert support.end(actor=boss, access=access, now=timezone.now())
    assert not support.end(actor=boss, access=access, now=timezone.now())
    assert len(events("support.ended")) == 1
