"""Accounts and memberships, and what the audit log keeps of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from tenants import context
from tenants.errors import DomainError
from tenants.models import AuditEvent, Membership, RefreshSession, User
from tenants.services import people as service

PASSWORD = "correct horse battery"


def events(action: str) -> list[AuditEvent]:
    with context.platform():
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


def membership(user: User, tenant) -> Membership:
    with context.platform():
        return Membership.objects.select_related("tenant").get(user=user, tenant=tenant)


@pytest.fixture
def boss(people) -> User:
    return people["admin@balcao.test"]


def test_an_account_is_made_with_its_password_and_written_down(boss):
    user = service.create_user(actor=boss, email="New@acme.test", name="Nova", password=PASSWORD)

    assert user.check_password(PASSWORD)
    (event,) = events("user.created")
    assert (event.actor_id, event.target) == (boss.pk, f"tenants.User:{user.pk}")
    assert "acme.test" not in str(event.changes)


def test_an_address_has_one_account_whatever_its_case(boss):
    with pytest.raises(service.EmailTakenError):
        service.create_user(actor=boss, email="ANA@ACME.test", name="Ana", password=PASSWORD)

    assert service.find(email="Ana@Acme.Test").email == "ana@acme.test"
    assert events("user.created") == []


@pytest.mark.parametrize("password", ["", "demo", "password123"])
def test_a_weak_password_is_refused_with_the_reason(boss, password):
    with pytest.raises(service.WeakPasswordError) as refusal:
        service.create_user(actor=boss, email="new@acme.test", name="Nova", password=password)

    assert "password" in str(refusal.value).lower()


def test_a_new_password_ends_every_session(boss, people, acme):
    ana = people["ana@acme.test"]
    session = _api_session(ana, acme)

    service.set_password(actor=boss, user=ana, password=PASSWORD)

    assert _reloaded(ana).token_version == 1
    assert _reloaded(ana).check_password(PASSWORD)
    assert _revoked(session)
    assert len(events("user.password_set")) == 1


def test_a_deactivated_person_is_out_at_once(boss, people, acme, page):
    ana = people["ana@acme.test"]
    session, browser = _api_session(ana, acme), page("ana@acme.test")

    assert service.deactivate(actor=boss, user=ana)
    assert not service.deactivate(actor=boss, user=ana)

    assert browser.get("/inbox/").status_code == 302
    assert _revoked(session)
    assert len(events("user.deactivated")) == 1


def test_a_reactivated_person_signs_in_again(boss, people, page):
    ana = people["ana@acme.test"]
    service.deactivate(actor=boss, user=ana)

    assert service.reactivate(actor=boss, user=ana)

    assert page("ana@acme.test").get("/inbox/").status_code == 200


def test_the_last_admin_cannot_leave_in_any_way(boss, people, acme):
    admin = people["admin@acme.test"]
    place = membership(admin, acme)

    for leave in (
        lambda: service.remove_membership(actor=boss, membership=place),
        lambda: service.set_role(actor=boss, membership=place, role="OPERATOR"),
        lambda: service.deactivate(actor=boss, user=admin),
    ):
        with pytest.raises(service.LastAdminError) as refusal:
            leave()
        assert "Acme" in str(refusal.value)

    assert membership(admin, acme).role == "ADMIN"
    assert _reloaded(admin).is_active


def test_an_admin_who_cannot_sign_in_does_not_count(boss, people, acme):
    ana = people["ana@acme.test"]
    service.set_role(actor=boss, membership=membership(ana, acme), role="ADMIN")
    service.deactivate(actor=boss, user=ana)

    with pytest.raises(service.LastAdminError):
        service.set_role(
            actor=boss, membership=membership(people["admin@acme.test"], acme), role="VIEWER"
        )


def test_the_last_super_admin_cannot_leave(boss):
    with pytest.raises(service.LastSuperAdminError):
        service.deactivate(actor=boss, user=boss)
    with pytest.raises(service.LastSuperAdminError):
        service.set_super_admin(actor=boss, user=boss, is_superuser=False)

    assert _reloaded(boss).is_superuser


def test_a_role_is_changed_once_and_written_down_once(boss, people, acme):
    place = membership(people["vera@acme.test"], acme)

    service.set_role(actor=boss, membership=place, role="OPERATOR")
    service.set_role(actor=boss, membership=place, role="OPERATOR")

    (event,) = events("membership.role_set")
    assert event.changes == {"user": place.user_id, "role": "OPERATOR"}
    assert event.tenant_id == acme.pk


def test_a_role_works_from_the_next_request_on(boss, people, acme, page):
    vera = page("vera@acme.test")
    assert vera.post("/inbox/1/reply", {"text": "hi"}).status_code == 403

    service.set_role(
        actor=boss, membership=membership(people["vera@acme.test"], acme), role="OPERATOR"
    )

    assert vera.post("/inbox/1/reply", {"text": "hi"}).status_code == 404


def test_one_person_works_for_two_tenants_in_two_roles(boss, people, acme, globex):
    ana = people["ana@acme.test"]
    service.add_membership(actor=boss, user=ana, tenant=globex, role="VIEWER")

    with pytest.raises(service.AlreadyMemberError):
        service.add_membership(actor=boss, user=ana, tenant=globex, role="ADMIN")

    assert membership(ana, globex).role == "VIEWER"
    assert membership(ana, acme).role == "OPERATOR"


def test_a_removed_person_loses_the_sessions_there_only(boss, people, acme, globex):
    ana = people["ana@acme.test"]
    service.add_membership(actor=boss, user=ana, tenant=globex, role="VIEWER")
    here, there = _api_session(ana, acme), _api_session(ana, globex)

    service.remove_membership(actor=boss, membership=membership(ana, acme))

    assert _revoked(here)
    assert not _revoked(there)
    (event,) = events("membership.removed")
    assert event.tenant_id == acme.pk


def test_a_changed_address_is_the_one_to_sign_in_with(boss, people, page):
    ana = people["ana@acme.test"]
    service.change_user(actor=boss, user=ana, email="ana.paula@acme.test", name="Ana Paula")

    (event,) = events("user.changed")
    assert event.changes == {"fields": ["email", "name"]}
    assert page("ana.paula@acme.test").get("/inbox/").status_code == 200


def test_an_address_of_somebody_else_is_not_taken_over(boss, people):
    ana = people["ana@acme.test"]
    with pytest.raises(service.EmailTakenError):
        service.change_user(actor=boss, user=ana, email="VERA@acme.test", name="Ana")

    assert _reloaded(ana).email == "ana@acme.test"


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_leave_at_once_one_stays(boss, people, acme):
    start = Barrier(2)
    with context.platform():
        Membership.objects.filter(user=people["ana@acme.test"], tenant=acme).update(role="ADMIN")
    places = [membership(people[f"{name}@acme.test"], acme) for name in ("admin", "ana")]

    def leave(place: Membership) -> str:
        start.wait()
        try:
            service.remove_membership(actor=boss, membership=place)
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "left"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, places)) == ["last_admin", "left"]


def _api_session(user: User, tenant) -> RefreshSession:
    with context.platform():
        return RefreshSession.objects.create(
            user=user, tenant=tenant, current_jti="x", expires_at=timezone.now()
        )


def _revoked(session: RefreshSession) -> bool:
    with context.platform():
        return RefreshSession.objects.get(pk=session.pk).revoked_at is not None


def _reloaded(user: User) -> User:
    with context.platform():
        return User.objects.get(pk=user.pk)
