"""People and invitations, by the API and on the page of admins."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tenants import context
from tenants.models import Invitation, Membership
from tenants.services import people as accounts
from tests.api import Api, Queries, api_of, check_problem, key_of, open_session
from tests.tenants.inviting import invited, letters_to, token_to

pytestmark = pytest.mark.django_db

BIA = "bia@example.com"
WISH = {"email": BIA, "role": "OPERATOR"}
PAGE = "/settings/people/"


@pytest.fixture
def admin(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def root(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def ana(people):
    return people["ana@acme.test"]


def patch(api: Api, path: str, body: bytes):
    return api.send("PATCH", path, body, "application/json")


def role_of(user) -> str | None:
    with context.platform():
        return Membership.objects.filter(user=user).values_list("role", flat=True).first()


# ---- the API: people


def test_people_are_listed_with_what_admins_want_to_know(admin, people, root, page):
    page("ana@acme.test")  # signs in

    results = admin.get(f"{root}/users/").json()["results"]

    assert {one["email"]: one["role"] for one in results} == {
        "admin@acme.test": "ADMIN",
        "ana@acme.test": "OPERATOR",
        "vera@acme.test": "VIEWER",
    }
    ana = next(one for one in results if one["role"] == "OPERATOR")
    assert ana["signed_in_at"] is not None
    assert set(ana) == {
        "id", "email", "name", "role", "is_active", "joined_at", "signed_in_at",
    }  # fmt: skip


def test_a_colleague_sees_who_there_is_and_not_when_they_came(people, ana, root, page):
    page("admin@acme.test")

    results = api_of(ana).get(f"{root}/users/").json()["results"]

    assert len(results) == 3
    assert {one["signed_in_at"] for one in results} == {None}


def test_a_sign_in_elsewhere_is_nobodys_business(admin, people, root, globex, page):
    with context.platform():
        Membership.objects.create(user=people["ana@acme.test"], tenant=globex, role="VIEWER")
    browser = Client(SERVER_NAME="globex.localhost")
    browser.post("/login/", {"email": "ana@acme.test", "password": "demo"})

    results = admin.get(f"{root}/users/").json()["results"]
    assert {one["signed_in_at"] for one in results if one["role"] == "OPERATOR"} == {None}


def test_the_list_is_one_query_and_walked_by_cursors(admin, people, root):
    admin.get(f"{root}/users/")
    with Queries() as queries:
        first = admin.get(f"{root}/users/?limit=2").json()
    assert len(queries) <= 4
    second = admin.get(first["next"].removeprefix("http://acme.localhost")).json()

    assert len({one["id"] for one in first["results"] + second["results"]}) == 3


def test_a_role_is_changed_and_holds_at_once(admin, ana, root):
    before = api_of(ana)

    answer = patch(admin, f"{root}/users/{ana.pk}/", b'{"role": "VIEWER"}')

    assert answer.status_code == 200
    assert answer.json()["role"] == "VIEWER"
    check_problem(before.get(f"{root}/users/"), 403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"role": "SUPER_ADMIN"}',
        b'{"role": null}',
        b'{"role": ["ADMIN"]}',
        b'{"role": "ADMIN", "is_superuser": true}',
        b'{"role": "ADMIN", "email": "x@y.test"}',
        b"[]",
    ],
)
def test_odd_roles_change_nothing(admin, ana, root, body):
    check_problem(patch(admin, f"{root}/users/{ana.pk}/", body), 400, "invalid")

    assert role_of(ana) == "OPERATOR"


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_nobody_raises_himself(people, root, email):
    """Attack 25."""
    own = people[email]
    api = api_of(own)

    check_problem(patch(api, f"{root}/users/{own.pk}/", b'{"role": "ADMIN"}'), 403, "forbidden")
    check_problem(api.post(f"{root}/invitations/", {**WISH, "role": "ADMIN"}), 403, "forbidden")
    assert role_of(own) != "ADMIN"


def test_an_admin_neither_changes_nor_removes_himself(admin, people, root):
    own = people["admin@acme.test"]
    path = f"{root}/users/{own.pk}/"

    check_problem(patch(admin, path, b'{"role": "VIEWER"}'), 409, "not_yourself")
    check_problem(admin.send("DELETE", path), 409, "not_yourself")
    assert role_of(own) == "ADMIN"


def test_whoever_is_removed_is_out_at_once(admin, ana, root, page):
    theirs, browser = api_of(ana), page("ana@acme.test")

    assert admin.send("DELETE", f"{root}/users/{ana.pk}/").status_code == 204

    check_problem(theirs.get(f"{root}/users/"), 401, "token_invalid")
    assert browser.get("/inbox/").status_code == 302
    assert admin.get(f"{root}/users/{ana.pk}/").status_code == 404
    assert accounts.find(email=ana.email) is not None


def test_another_tenants_person_is_not_there(admin, people, root):
    foreign = people["ana@globex.test"]
    path = f"{root}/users/{foreign.pk}/"

    answers = [admin.get(path), patch(admin, path, b'{"role": "ADMIN"}')]
    answers.append(admin.send("DELETE", path))
    for answer in answers:
        check_problem(answer, 404, "not_found")
    assert role_of(foreign) == "OPERATOR"


def test_a_program_reads_people_and_changes_none(people, acme, root):
    program = Api("acme.localhost", key_of(people["admin@acme.test"], acme, "conversations:write"))
    path = f"{root}/users/{people['ana@acme.test'].pk}/"

    assert program.get(path).json()["signed_in_at"] is None
    check_problem(patch(program, path, b'{"role": "ADMIN"}'), 403, "scope_missing")
    check_problem(program.post(f"{root}/invitations/", WISH), 403, "scope_missing")


# ---- the API: invitations


def test_somebody_is_invited_once_whatever_is_repeated(admin, root):
    key = {"Idempotency_Key": str(uuid4())}

    first = admin.post(f"{root}/invitations/", WISH, **key)
    again = admin.post(f"{root}/invitations/", WISH, **key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["Location"].endswith(f"/invitations/{first.json()['id']}/")
    assert len(letters_to(BIA)) == 1
    assert token_to(BIA) not in first.content.decode()
    check_problem(admin.post(f"{root}/invitations/", WISH), 409, "already_invited")


def test_the_answer_is_the_same_whether_or_not_there_is_an_account(admin, root):
    """Attack 77."""
    answers = [
        admin.post(f"{root}/invitations/", {"email": email, "role": "VIEWER"})
        for email in ("nobody@globex.test", "vera@globex.test", "admin@balcao.test")
    ]

    own = ("id", "email", "created_at", "sent_at", "expires_at")
    seen = {
        (one.status_code, str({k: v for k, v in one.json().items() if k not in own}))
        for one in answers
    }
    assert len(seen) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": BIA},
        {"email": "bia", "role": "VIEWER"},
        {"email": "bia@example.com\nBcc: x@y.test", "role": "VIEWER"},
        {"email": f"{'x' * 300}@example.com", "role": "VIEWER"},
        {"email": BIA, "role": "SUPER_ADMIN"},
        {"email": BIA, "role": "VIEWER", "tenant": "globex"},
        {"email": BIA, "role": "VIEWER", "language": "xx"},
    ],
)
def test_odd_invitations_are_refused(admin, root, body):
    check_problem(admin.post(f"{root}/invitations/", body), 400, "invalid")

    with context.platform():
        assert not Invitation.objects.exists()


def test_the_letter_speaks_the_callers_language_unless_told_otherwise(admin, root):
    mine = admin.post(f"{root}/invitations/", WISH, Accept_Language="pt-BR").json()
    other = {"email": "leo@example.com", "role": "VIEWER", "language": "en"}

    assert mine["language"] == "pt-br"
    assert admin.post(f"{root}/invitations/", other).json()["language"] == "en"


def test_one_is_read_listed_sent_again_and_withdrawn(admin, actor, root):
    made = invited(actor("admin@acme.test"), BIA, now=timezone.now() - timedelta(minutes=5))
    path = f"{root}/invitations/{made.pk}/"
    before = token_to(BIA)

    assert admin.get(path).json()["email"] == BIA
    again = admin.post(f"{path}resend")
    assert again.json()["sent_at"] > made.created_at.isoformat()
    assert token_to(BIA) != before
    check_problem(admin.post(f"{path}resend"), 429, "too_many_invitations")

    assert [one["id"] for one in admin.get(f"{root}/invitations/").json()["results"]] == [made.pk]
    assert admin.send("DELETE", path).status_code == 204
    check_problem(admin.get(path), 404, "not_found")
    assert admin.get(f"{root}/invitations/").json()["results"] == []


def test_waiting_is_told_in_a_header(admin, actor, root):
    made = invited(actor("admin@acme.test"))

    answer = admin.post(f"{root}/invitations/{made.pk}/resend")

    assert 50 < int(answer["Retry-After"]) <= 61


def test_another_tenants_invitation_is_not_there(admin, actor, root):
    foreign = invited(actor("admin@globex.test"))
    path = f"{root}/invitations/{foreign.pk}/"

    answers = [admin.get(path), admin.send("DELETE", path), admin.post(f"{path}resend")]
    for answer in answers:
        check_problem(answer, 404, "not_found")
    assert admin.get(f"{root}/invitations/").json()["results"] == []


def test_the_installation_without_mail_says_so(admin, root, settings):
    settings.MAIL_IS_SET_UP = False

    check_problem(admin.post(f"{root}/invitations/", WISH), 409, "mail_off")


# ---- the page


@pytest.fixture
def boss(page) -> Client:
    return page("admin@acme.test")


def test_the_page_shows_everybody(boss, actor):
    invited(actor("admin@acme.test"))

    html = boss.get(PAGE).content.decode()

    for shown in ("ana@acme.test", "vera@acme.test", BIA, "Invite somebody", "That is you"):
        assert shown in html
    assert "globex" not in html


def test_the_page_invites(boss):
    answer = boss.post(PAGE, {**WISH, "language": "pt-br"}, follow=True)

    assert f"on its way to {BIA}" in answer.content.decode()
    assert "convida você" in letters_to(BIA)[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "bia"}, "valid email"),
        ({"email": "ana@acme.test"}, "works for this tenant already"),
        ({"role": "SUPER_ADMIN"}, "valid choice"),
        ({"language": "xx"}, "valid choice"),
    ],
)
def test_the_page_says_what_is_wrong(boss, change, said):
    answer = boss.post(PAGE, {**WISH, "language": "en", **change})

    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_the_page_changes_roles_and_removes_after_asking(boss, ana):
    boss.post(f"{PAGE}{ana.pk}/role", {"role": "ADMIN"})
    assert role_of(ana) == "ADMIN"
    boss.post(f"{PAGE}{ana.pk}/role", {"role": "BOSS"})
    assert role_of(ana) == "ADMIN"

    asked = boss.get(f"{PAGE}{ana.pk}/remove")
    assert "Remove Ana?" in asked.content.decode()
    assert role_of(ana) == "ADMIN"
    boss.post(f"{PAGE}{ana.pk}/remove")
    assert role_of(ana) is None


def test_the_page_refuses_to_act_on_oneself(boss, people):
    own = people["admin@acme.test"]
    for path, form in ((f"{own.pk}/role", {"role": "VIEWER"}), (f"{own.pk}/remove", {})):
        answer = boss.post(f"{PAGE}{path}", form, follow=True)
        assert "ask another admin" in answer.content.decode()
    assert role_of(own) == "ADMIN"


def test_the_page_sends_again_and_withdraws(boss, actor):
    made = invited(actor("admin@acme.test"))
    told = boss.post(f"/settings/invitations/{made.pk}/resend", follow=True)
    assert "such a short time" in told.content.decode()
    with context.platform():
        Invitation.objects.update(sent_at=timezone.now() - timedelta(minutes=5))

    told = boss.post(f"/settings/invitations/{made.pk}/resend", follow=True)
    assert f"on its way to {BIA}" in told.content.decode()
    boss.post(f"/settings/invitations/{made.pk}/withdraw")

    assert BIA not in boss.get(PAGE).content.decode()


@pytest.mark.parametrize("name", ["<b>x</b>", "<script>alert(1)</script>", "\u202eevil"])
def test_names_are_shown_as_text(boss, ana, name):
    with context.platform():
        type(ana).objects.filter(pk=ana.pk).update(name=name)

    html = boss.get(PAGE).content.decode()

    assert "<b>x" not in html
    assert "<script>alert" not in html


def test_sessions_of_somebody_removed_are_over(boss, ana, acme):
    open_session(ana, acme)

    boss.post(f"{PAGE}{ana.pk}/remove")

    with context.platform():
        assert not ana.refresh_sessions.filter(revoked_at=None).exists()
