"""The page of API keys."""

import re
from uuid import uuid4

import pytest
from django.utils import timezone

from tenants import context
from tenants.models import ApiKey, Tenant
from tests.api import Api, key_of

pytestmark = pytest.mark.django_db

PATH = "/settings/api-keys/"
WISH = {"name": "Loja virtual", "scopes": ["conversations:read"], "days": "30", "networks": ""}


def wish(**changes) -> dict:
    return {**WISH, "made_as": str(uuid4()), **changes}


def only() -> ApiKey:
    with context.platform():
        return ApiKey.objects.get()


def test_an_admin_makes_a_key_and_sees_it_once(page, acme):
    browser = page("admin@acme.test")
    form = wish(networks="127.0.0.1\n203.0.113.0/24")
    answer = browser.post(PATH, form)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = re.search(r"blc_[a-z0-9]{12}_[A-Za-z0-9]{40}", answer.content.decode())[0]
    path = f"/api/v1/tenant/{acme.pk}/conversations/"
    assert Api("acme.localhost", secret).get(path).status_code == 200
    assert only().networks == ["127.0.0.1", "203.0.113.0/24"]
    assert 30 < (only().expires_at - timezone.now()).total_seconds() / 86_400 <= 31

    again = browser.post(PATH, form, follow=True)
    assert secret not in again.content.decode()
    assert "shown once only" in again.content.decode()
    assert "Loja virtual" in browser.get(PATH).content.decode()
    assert only()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"networks": "here"}, "is no address or network"),
        ({"networks": "10.0.0.1 " * 21}, "20 networks are enough"),
        ({"scopes": ["people:write"]}, "not one of the available choices"),
        ({"scopes": []}, "required"),
        ({"name": ""}, "required"),
        ({"made_as": "x"}, "Make a key"),
        ({"days": "7"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_key(page, changes, said):
    answer = page("admin@acme.test").post(PATH, wish(**changes))

    assert answer.status_code == 400
    assert said in answer.content.decode()
    with context.platform():
        assert not ApiKey.objects.exists()


def test_an_admin_revokes_a_key(page, people, acme):
    secret = key_of(people["admin@acme.test"], acme, "conversations:read")

    answer = page("admin@acme.test").post(f"{PATH}{only().pk}/revoke", follow=True)

    assert "The key is revoked." in answer.content.decode()
    path = f"/api/v1/tenant/{acme.pk}/conversations/"
    assert Api("acme.localhost", secret).get(path).status_code == 401
    assert only().revoked_at


def test_another_tenants_key_is_404_and_not_listed(page, people, globex):
    key_of(people["admin@globex.test"], globex, "conversations:read")
    browser = page("admin@acme.test")

    assert browser.post(f"{PATH}{only().pk}/revoke").status_code == 404
    assert only().prefix not in browser.get(PATH).content.decode()
    assert only().revoked_at is None


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_others_may_not(page, email):
    assert page(email).get(PATH).status_code == 403
    assert page(email).post(PATH, wish()).status_code == 403


def test_a_suspended_tenant_makes_none(page, acme):
    browser = page("admin@acme.test")
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status="SUSPENDED")

    assert browser.post(PATH, wish()).status_code == 403
    assert browser.get(PATH).status_code == 200
