"""Asking people in by e-mail: what an admin may, and what a link in a letter does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail as sent
from django.db import connections
from django.test import Client
from django.utils import timezone

from tenants import context, redaction
from tenants.errors import DomainError, ForbiddenError
from tenants.models import ApiKey, AuditEvent, Invitation, Mail, Membership, User
from tenants.permissions import Actor, key_actor, system_actor
from tenants.services import invitations, links, mail, team
from tenants.services import people as accounts
from tests.api import key_of
from tests.tenants.inviting import invited, later, letters_to, token_to

BIA = "bia@example.com"
PASSWORD = "correct horse battery"
NEW = {"name": "Bia", "password": PASSWORD}
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(actor) -> Actor:
    return actor("admin@acme.test")


@pytest.fixture
def visitor(people) -> Client:
    return Client(SERVER_NAME="acme.localhost")


def fresh(invitation: Invitation) -> Invitation:
    with context.platform():
        return Invitation.objects.get(pk=invitation.pk)


def place_of(email: str, tenant) -> str | None:
    with context.platform():
        found = Membership.objects.filter(user__email=email, tenant=tenant)
        return found.values_list("role", flat=True).first()


def path_to(email: str) -> str:
    return f"/invitation/{token_to(email)}"


# ---- the letter


def test_the_letter_leads_to_the_tenants_own_host_and_says_what_it_is(admin):
    invited(admin, role="VIEWER")

    (letter,) = letters_to(BIA)
    assert "http://acme.localhost:8000/invitation/" in letter
    assert "Viewer" in letter
    with context.platform():
        assert Mail.objects.get().subject == "Acme invites you"


def test_it_is_written_in_the_language_that_was_chosen(admin):
    invited(admin, language="pt-br")

    assert "convida você" in letters_to(BIA)[0]


def test_a_link_is_a_secret_that_we_do_not_keep(admin):
    invitation = invited(admin)

    token = token_to(BIA)
    assert token not in str(vars(fresh(invitation)))
    with context.platform():
        assert token not in str(list(Mail.objects.values()))
        assert token not in str(list(AuditEvent.objects.values()))


def test_a_tenants_name_adds_no_header(admin, acme):
    with context.platform():
        type(acme).objects.filter(pk=acme.pk).update(name="Acme\r\nBcc: all@example.com")
    invited(admin)

    assert mail.send(now=later(seconds=1)) == 1
    assert "\nBcc" not in sent.outbox[0].message().as_string()


# ---- who may


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_only_admins_invite(actor, email):
    with pytest.raises(ForbiddenError):
        invited(actor(email))
    assert letters_to(BIA) == []


def test_neither_a_program_nor_the_system_invites(people, acme):
    key_of(people["admin@acme.test"], acme, "conversations:write")
    with context.platform():
        key = ApiKey.objects.select_related("tenant").get()

    for program in (key_actor(key), system_actor(acme)):
        with pytest.raises(ForbiddenError):
            invited(program)


def test_nobody_gives_more_than_he_has(acme, people):
    operator = Actor(tenant=acme, user=people["ana@acme.test"], role="OPERATOR")

    assert operator.may_give("VIEWER")
    assert operator.may_give("OPERATOR")
    assert not operator.may_give("ADMIN")
    assert system_actor(acme).may_give("ADMIN")


def test_somebody_who_works_here_is_not_invited_in_any_spelling(admin):
    with pytest.raises(accounts.AlreadyMemberError):
        invited(admin, "ANA@acme.test")


def test_an_address_is_invited_once_in_any_spelling(admin):
    invited(admin)

    with pytest.raises(invitations.AlreadyInvitedError):
        invited(admin, BIA.upper())


def test_another_tenants_person_is_invited_like_anybody(admin, actor):
    stranger, known = invited(admin), invited(admin, "ana@globex.test")

    said = {letters_to(to)[0].replace(token_to(to), "") for to in (BIA, "ana@globex.test")}
    assert len(said) == 1
    assert (stranger.role, stranger.language) == (known.role, known.language)
    invited(actor("admin@globex.test"))  # and two tenants may want the same person


def test_an_expired_one_makes_room_for_the_next(admin):
    first = invited(admin, now=timezone.now() - timedelta(days=8))

    second = invited(admin)

    assert fresh(first).withdrawn_at is not None
    assert fresh(second).withdrawn_at is None


def test_so_many_a_day_and_no_more(admin, monkeypatch):
    monkeypatch.setattr(invitations, "A_DAY", 3)
    for number in range(3):
        invited(admin, f"{number}@example.com")

    with pytest.raises(invitations.TooManyInvitationsError) as refusal:
        invited(admin)

    assert refusal.value.http_status == 429
    assert refusal.value.context["retry_after_seconds"] > 0


def test_one_address_is_not_flooded_by_withdrawing(admin):
    for _ in range(invitations.A_DAY_TO_ONE):
        invitations.withdraw(actor=admin, invitation=invited(admin), now=timezone.now())

    with pytest.raises(invitations.TooManyInvitationsError):
        invited(admin)
    invited(admin, "other@example.com")


def test_nobody_is_invited_where_no_mail_goes_out(admin, settings):
    settings.MAIL_IS_SET_UP = False

    with pytest.raises(mail.MailOffError):
        invited(admin)


# ---- send again, withdraw


def test_a_new_letter_ends_the_link_of_the_one_before(admin, visitor):
    invitation = invited(admin)
    old = path_to(BIA)

    invitations.send_again(actor=admin, invitation=invitation, now=later(minutes=2))

    assert path_to(BIA) != old
    assert visitor.get(old).status_code == 404
    assert visitor.get(path_to(BIA)).status_code == 200


def test_letters_are_sent_again_once_a_minute_and_ten_times(admin):
    invitation = invited(admin)
    with pytest.raises(invitations.TooManyInvitationsError):
        invitations.send_again(actor=admin, invitation=invitation, now=later(seconds=30))

    for number in range(1, invitations.LETTERS_MAX):
        invitations.send_again(actor=admin, invitation=invitation, now=later(minutes=2 * number))
    with pytest.raises(invitations.TooManyInvitationsError):
        invitations.send_again(actor=admin, invitation=invitation, now=later(hours=2))


def test_a_withdrawn_one_lets_nobody_in(admin, visitor, acme):
    invitation = invited(admin)

    invitations.withdraw(actor=admin, invitation=invitation, now=timezone.now())
    invitations.withdraw(actor=admin, invitation=invitation, now=timezone.now())

    assert visitor.post(path_to(BIA), NEW).status_code == 404
    assert place_of(BIA, acme) is None
    with pytest.raises(links.LinkOverError):
        invitations.send_again(actor=admin, invitation=invitation, now=later(hours=1))


# ---- the link


def test_looking_at_it_uses_nothing_up_and_tells_nobody_where_it_was(admin, visitor):
    invited(admin)
    for _ in range(2):
        answer = visitor.get(path_to(BIA))

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "strict-origin"


def test_a_new_person_makes_an_account_and_is_in(admin, visitor, acme):
    invited(admin, role="OPERATOR")

    answer = visitor.post(path_to(BIA), NEW)

    assert (answer.status_code, answer["Location"]) == (302, "/inbox/")
    assert visitor.get("/inbox/").status_code == 200
    assert place_of(BIA, acme) == "OPERATOR"
    with context.platform():
        user = User.objects.get(email=BIA)
        actions = AuditEvent.objects.filter(actor=user).values_list("action", flat=True)
        assert set(actions) == {"membership.added", "invitation.accepted"}
        assert Membership.objects.get(user=user).signed_in_at is not None
    assert (user.is_superuser, user.check_password(PASSWORD)) == (False, True)


def test_whoever_has_an_account_comes_in_with_its_password(admin, visitor, acme):
    email = "ana@globex.test"
    invited(admin, email, role="VIEWER")

    wrong = visitor.post(path_to(email), {"password": "wrong"})
    assert wrong.status_code == 401
    assert place_of(email, acme) is None
    right = visitor.post(path_to(email), {"password": "demo", "name": "Mallory"})

    assert right.status_code == 302
    assert place_of(email, acme) == "VIEWER"
    with context.platform():
        assert User.objects.get(email=email).name == "Ana"


def test_guessing_that_password_is_slowed_down(admin, visitor):
    invited(admin, "ana@globex.test")

    answers = [visitor.post(path_to("ana@globex.test"), {"password": "x"}) for _ in range(7)]

    assert answers[-1].status_code == 429


def test_it_works_once(admin, visitor):
    invited(admin)
    path = path_to(BIA)
    visitor.post(path, NEW)

    again = Client(SERVER_NAME="acme.localhost")
    assert again.get(path).status_code == 404
    assert again.post(path, NEW).status_code == 404


def test_it_works_on_its_own_host_and_for_seven_days(admin, people, acme):
    invitation = invited(admin)
    path = path_to(BIA)

    assert Client(SERVER_NAME="globex.localhost").get(path).status_code == 404
    with context.platform():
        Invitation.objects.update(expires_at=timezone.now())
    assert Client(SERVER_NAME="acme.localhost").get(path).status_code == 404
    assert invitation.expires_at - invitation.sent_at == timedelta(days=7)


@pytest.mark.parametrize("odd", ["x", "a" * 43, "%00", "a" * 3000, "..%2f", "é"])
def test_a_link_that_is_none_is_404(visitor, odd):
    assert visitor.get(f"/invitation/{odd}").status_code == 404
    assert visitor.post(f"/invitation/{odd}", NEW).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": "Bia"},
        {"name": "Bia", "password": "short"},
        {"name": "Bia", "password": "password123"},
        {"name": "x" * 121, "password": PASSWORD},
        {"name": "B\x00", "password": PASSWORD},
    ],
)
def test_bad_input_leaves_everything_as_it_was(admin, visitor, acme, form):
    invitation = invited(admin)

    answer = visitor.post(path_to(BIA), form)

    assert answer.status_code == 400
    assert PASSWORD not in answer.content.decode()
    assert fresh(invitation).accepted_at is None
    assert accounts.find(email=BIA) is None


def test_no_more_than_the_invitation_says_is_given(admin, visitor, acme):
    """Attack 24 and 25: a role that comes with the form is nobody's."""
    invited(admin, role="VIEWER")

    visitor.post(path_to(BIA), {**NEW, "role": "ADMIN", "is_superuser": "1", "email": "x@y.test"})

    assert place_of(BIA, acme) == "VIEWER"
    assert not accounts.find(email=BIA).is_superuser


@pytest.mark.parametrize("role", ["OPERATOR", None], ids=["demoted", "removed"])
def test_with_an_admin_his_invitations_go(admin, actor, visitor, acme, role):
    invited(admin)
    with context.platform():
        place = Membership.objects.filter(user=admin.user)
        place.update(role=role) if role else place.delete()

    assert visitor.get(path_to(BIA)).status_code == 404
    assert visitor.post(path_to(BIA), NEW).status_code == 404


def test_nobody_comes_into_a_tenant_that_is_suspended(admin, visitor, acme):
    invited(admin)
    with context.platform():
        type(acme).objects.filter(pk=acme.pk).update(status="SUSPENDED")

    assert visitor.post(path_to(BIA), NEW).status_code == 403
    assert place_of(BIA, acme) is None


def test_forms_need_their_token(admin, people):
    invited(admin)
    strict = Client(SERVER_NAME="acme.localhost", enforce_csrf_checks=True)

    assert strict.post(path_to(BIA), NEW).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_comes_in(admin):
    invitation = invited(admin)
    barrier = Barrier(2)

    def accept(name: str) -> str:
        barrier.wait()
        try:
            invitations.accept_as_new(
                invitation=invitation, name=name, password=PASSWORD, now=timezone.now()
            )
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "in"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, ["One", "Two"])) == ["in", "link_over"]


def test_the_link_is_in_no_line_of_the_log(admin):
    invited(admin)

    said = redaction.redact(f"GET acme.localhost:8000{path_to(BIA)} 200 3 ms")

    assert said == "GET acme.localhost:8000/invitation/[secret] 200 3 ms"


def test_old_ones_are_forgotten(admin):
    invited(admin)

    assert invitations.purge(now=later(days=8)) == 0
    assert invitations.purge(now=later(days=98)) == 1


# ---- what becomes of those who are in


def test_an_admin_changes_a_role_and_it_holds_at_once(admin, page, people):
    browser = page("ana@acme.test")
    assert browser.get("/settings/people/").status_code == 403

    place = _place("ana@acme.test")
    team.set_role(actor=admin, membership=place, role="ADMIN")

    assert browser.get("/settings/people/").status_code == 200


def test_nobody_acts_on_himself(admin):
    own = _place("admin@acme.test")

    for act in (
        lambda: team.set_role(actor=admin, membership=own, role="VIEWER"),
        lambda: team.remove(actor=admin, membership=own),
    ):
        with pytest.raises(team.NotYourselfError):
            act()


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_nobody_but_an_admin_acts_on_others(actor, email):
    for act in (
        lambda: team.set_role(actor=actor(email), membership=_place(email), role="ADMIN"),
        lambda: team.remove(actor=actor(email), membership=_place("admin@acme.test")),
    ):
        with pytest.raises(ForbiddenError):
            act()
    assert _place(email).role != "ADMIN"


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_remove_each_other_one_stays(admin, people, acme):
    with context.platform():
        Membership.objects.filter(user=people["ana@acme.test"]).update(role="ADMIN")
    ana = Actor(tenant=acme, user=people["ana@acme.test"], role="ADMIN")
    pairs = [(admin, _place("ana@acme.test")), (ana, _place("admin@acme.test"))]
    barrier = Barrier(2)

    def remove(pair) -> str:
        barrier.wait()
        try:
            team.remove(actor=pair[0], membership=pair[1])
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "gone"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, pairs)) == ["gone", "last_admin"]


def _place(email: str) -> Membership:
    with context.platform():
        return Membership.objects.select_related("tenant", "user").get(user__email=email)
