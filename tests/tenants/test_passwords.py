"""A new password: by a letter's link, which works once, and by the page of one's own profile."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from tenants import context, redaction
from tenants.models import AuditEvent, Mail, Membership, User
from tenants.services import passwords
from tenants.services import people as accounts
from tests.api import Queries, api_of
from tests.tenants.inviting import letters_to, token_to
from tests.tenants.letting_in import let_in

pytestmark = pytest.mark.django_db

# What each page has of its own: the token of its forms, and the nonce of its scripts.
_MADE_ANEW = re.compile(r'(nonce|value)="[^"]*"')
ANA, NEW = "ana@acme.test", "correct horse battery"


@pytest.fixture
def visitor(people) -> Client:
    return Client(SERVER_NAME="acme.localhost")


def ask(visitor: Client, email: str, **headers: str):
    return visitor.post("/forgotten/", {"email": email}, headers=headers)


def letters() -> int:
    with context.platform():
        return Mail.objects.count()


def link_to(visitor: Client, email: str = ANA) -> str:
    assert ask(visitor, email).status_code == 200
    return f"/password/{token_to(email)}"


def signs_in(password: str, email: str = ANA) -> bool:
    browser = Client(SERVER_NAME="acme.localhost")
    return browser.post("/login/", {"email": email, "password": password}).status_code == 302


# --- The letter


def test_a_link_leads_to_a_new_password_and_in(visitor):
    path = link_to(visitor, "ANA@acme.test")
    assert ANA in visitor.get(path).content.decode()

    done = visitor.post(path, {"password": NEW})

    assert (done.status_code, done["Location"]) == (302, "/inbox/")
    assert visitor.get("/inbox/").status_code == 200
    assert signs_in(NEW) and not signs_in("demo")


def test_the_letter_leads_to_the_tenants_own_host_whatever_a_request_claims(visitor):
    ask(visitor, ANA, **{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})

    (letter,) = letters_to(ANA)
    assert "http://acme.localhost:8000/password/" in letter
    assert "evil" not in letter


@pytest.mark.parametrize(
    "email", ["nobody@acme.test", "admin@globex.test", "admin@balcao.test", "gone@acme.test"]
)
def test_nobody_learns_who_works_here(visitor, people, email, acme):
    with context.platform():
        gone = User.objects.create(email="gone@acme.test", name="Gone", is_active=False)
        Membership.objects.create(user=gone, tenant=acme, role="ADMIN")

    def asked(address: str) -> tuple[int, str, int]:
        with Queries() as queries:
            answer = ask(visitor, address)
        said = _MADE_ANEW.sub("", answer.content.decode()).replace(address, "…")
        return answer.status_code, said, len(queries)

    ask(visitor, "warm@acme.test")
    before = letters()
    known = asked(ANA)
    assert letters() == before + 1
    unknown = asked(email)

    assert (known[0], known[1]) == (unknown[0], unknown[1])
    # To say what is undone costs nothing, and whose place is looked for one query at most.
    assert abs(known[2] - unknown[2]) <= 1
    assert letters() == before + 1


def test_letters_have_an_end(visitor):
    for _ in range(passwords.TO_ONE + 2):
        assert ask(visitor, ANA).status_code == 200
    assert letters() == passwords.TO_ONE

    for number in range(passwords.FROM_ONE):
        answer = ask(visitor, f"{number}@acme.test")
    assert answer.status_code == 429
    assert "such a short time" in answer.content.decode()


def test_without_mail_the_page_says_so(visitor, settings):
    settings.MAIL_IS_SET_UP = False

    assert "sends no e-mail yet" in visitor.get("/forgotten/").content.decode()
    assert ask(visitor, ANA).status_code == 409


@pytest.mark.parametrize("email", ["", "no address", "x" * 300 + "@acme.test", "\x00@acme.test"])
def test_what_is_no_address_is_said(visitor, email):
    assert ask(visitor, email).status_code == 400
    assert letters() == 0


def test_the_link_stands_in_no_log(visitor, caplog):
    path = link_to(visitor)
    token = path.rpartition("/")[2]

    assert token not in redaction.redact(f"GET {path} 200")
    with context.platform():
        noted = AuditEvent.objects.get(action="user.password_asked")
    assert token not in str(noted.changes)


# --- The link


def test_it_works_once(visitor):
    path = link_to(visitor)
    visitor.post(path, {"password": NEW})

    again = Client(SERVER_NAME="acme.localhost").post(path, {"password": NEW + "!"})
    assert again.status_code == 404
    assert signs_in(NEW)


@pytest.mark.parametrize("change", ["password", "address", "left", "off", "time"])
def test_it_is_over_when_anything_is_other(visitor, people, change, acme, monkeypatch):
    path = link_to(visitor)
    user = people[ANA]
    with context.platform():
        if change == "left":
            Membership.objects.filter(user=user).delete()
        elif change == "off":
            User.objects.filter(pk=user.pk).update(is_active=False)
        elif change == "address":
            User.objects.filter(pk=user.pk).update(email="ana.souza@acme.test")
    if change == "password":
        accounts.set_password(actor=None, user=user, password=NEW)
    if change == "time":
        later = timezone.now().replace(tzinfo=None) + timedelta(hours=1, minutes=1)
        monkeypatch.setattr(passwords._Links, "_now", lambda _self: later)

    assert visitor.get(path).status_code == 404
    assert visitor.post(path, {"password": NEW + "!"}).status_code == 404


def test_on_another_tenants_host_it_is_none(visitor, people, globex):
    path = link_to(visitor)
    with context.platform():
        Membership.objects.create(user=people[ANA], tenant=globex, role="VIEWER")

    assert Client(SERVER_NAME="globex.localhost").get(path).status_code == 404


@pytest.mark.parametrize(
    "token", ["x", "1-", "-", "1-2-3", "²-x-y", "9" * 30 + "-a-b", "%00", "0-cq4abc-" + "0" * 32]
)
def test_what_is_no_link_is_none(visitor, token):
    assert visitor.get(f"/password/{token}").status_code == 404


def test_a_weak_password_is_refused_and_the_link_stays(visitor):
    path = link_to(visitor)

    refused = visitor.post(path, {"password": "password123"})
    assert refused.status_code == 400
    assert "too common" in refused.content.decode()
    assert visitor.post(path, {"password": NEW}).status_code == 302


def test_every_session_ends(visitor, people, page, acme):
    browser, api = page(ANA), api_of(people[ANA])

    visitor.post(link_to(visitor), {"password": NEW})

    assert browser.get("/inbox/").status_code == 302
    assert api.get(f"/api/v1/tenant/{acme.pk}/conversations/").status_code == 401


def test_whoever_guessed_wrong_before_is_not_kept_waiting(visitor):
    for _ in range(8):
        visitor.post("/login/", {"email": ANA, "password": "wrong"})

    visitor.post(link_to(visitor), {"password": NEW})

    assert signs_in(NEW)


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_one_wins(visitor, acme):
    path = link_to(visitor)
    token, together = path.rpartition("/")[2], Barrier(2)

    def renew(number: int) -> bool:
        together.wait()
        try:
            passwords.renew(tenant=acme, token=token, password=f"{NEW} {number}")
        except passwords.LinkOverError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(renew, range(2))) == [False, True]


# --- The own profile


def test_the_name_is_changed_for_everybody(page, people):
    ana = page(ANA)

    assert ana.post("/settings/profile/", {"name": " Ana   Souza "}).status_code == 302

    assert "Ana Souza" in ana.get("/settings/profile/").content.decode()
    with context.platform():
        assert User.objects.get(email=ANA).name == "Ana Souza"


def test_the_password_is_changed_and_this_session_goes_on(page, people, acme):
    ana, other, api = page(ANA), page(ANA), api_of(people[ANA])

    done = ana.post("/settings/profile/", {"present": "demo", "password": NEW})

    assert done.status_code == 302
    assert ana.get("/inbox/").status_code == 200
    assert other.get("/inbox/").status_code == 302
    assert api.get(f"/api/v1/tenant/{acme.pk}/conversations/").status_code == 401
    assert signs_in(NEW)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"present": "wrong", "password": NEW}, 400),
        ({"present": "demo", "password": "short"}, 400),
        ({"password": NEW}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 121}, 400),
        ({"name": "a\x00b"}, 400),
        ({}, 400),
    ],
)
def test_what_is_refused_changes_nothing(page, people, given, status):
    assert page(ANA).post("/settings/profile/", given).status_code == status

    assert signs_in("demo")
    with context.platform():
        assert User.objects.get(email=ANA).name == people[ANA].name


def test_guessing_the_present_one_is_slowed_down(page):
    ana = page(ANA)
    said = [
        ana.post("/settings/profile/", {"present": "wrong", "password": NEW}).content.decode()
        for _ in range(7)
    ]

    assert "This is not your present password" in said[0]
    assert "Too many failed tries" in said[-1]


def test_whoever_helps_has_no_profile_here(people, acme):
    helper = let_in(people["admin@balcao.test"], acme, "ADMIN")

    assert helper.get("/settings/profile/").status_code == 403
    assert helper.post("/settings/profile/", {"name": "X"}).status_code == 403
