"""The choice of read marks on a number's page."""

import pytest

from tenants import context
from tests.conversations.inboxes import tags_of
from tests.whatsapp.test_api_policies import kept
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(phones) -> str:
    return f"/settings/numbers/{phones['acme'].pk}/read-policy"


def test_an_admin_chooses_on_the_page(page, place, acme, phones):
    admin = page("admin@acme.test")
    number = f"/settings/numbers/{phones['acme'].pk}/"
    assert admin.get(number).content.decode().count('name="read_policy"') == 3

    answer = admin.post(place, {"read_policy": "ON_REPLY"})

    assert answer["Location"] == f"{number}#read-policy"
    assert kept(acme) == "ON_REPLY"
    shown = admin.get(number).content.decode()
    chosen = [tag for name, tag in tags_of(shown) if name == "input" and "checked" in tag]
    assert [tag["value"] for tag in chosen] == ["ON_REPLY"]


def test_read_marks_that_failed_are_counted(page, acme, phones):
    with context.tenant(acme.schema_name):
        Phone.objects.update(read_marks_failed=3)

    shown = page("admin@acme.test").get(f"/settings/numbers/{phones['acme'].pk}/")

    assert "3 read marks were not taken" in shown.content.decode()


def test_the_others_read_the_choice_only(page, place, acme, phones):
    for who in ("ana@acme.test", "vera@acme.test"):
        assert page(who).post(place, {"read_policy": "NEVER"}).status_code == 403
        shown = page(who).get(f"/settings/numbers/{phones['acme'].pk}/").content.decode()
        assert "When somebody opens the conversation" in shown
        assert 'name="read_policy"' not in shown
    assert kept(acme) == "ON_OPEN"


def test_another_tenants_number_is_missing(page, acme, globex, phones):
    missing = "/settings/numbers/999/read-policy"

    assert page("admin@globex.test").post(missing, {"read_policy": "NEVER"}).status_code == 404
    assert kept(acme) == kept(globex) == "ON_OPEN"


@pytest.mark.parametrize("odd", [{}, {"read_policy": "never"}, {"read_policy": ""}])
def test_anything_else_is_refused(page, place, acme, odd):
    assert page("admin@acme.test").post(place, odd).status_code == 400
    assert kept(acme) == "ON_OPEN"
