"""What an admin decides for a number, on its page."""

import pytest

from tenants import context
from tests.conversations.inboxes import tags_of
from tests.whatsapp.test_api_policies import kept
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(phones) -> str:
    return f"/settings/numbers/{phones['acme'].pk}/choices"


def test_an_admin_chooses_on_the_page(page, place, acme, phones):
    admin = page("admin@acme.test")
    number = f"/settings/numbers/{phones['acme'].pk}/"
    assert admin.get(number).content.decode().count('name="read_policy"') == 3

    answer = admin.post(place, {"name": "Loja Sul", "read_policy": "ON_REPLY"})

    assert answer["Location"] == f"{number}#choices"
    assert kept(acme) == "ON_REPLY"
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().name == "Loja Sul"
    shown = admin.get(number).content.decode()
    chosen = [tag for name, tag in tags_of(shown) if name == "input" and "checked" in tag]
    assert [tag["value"] for tag in chosen] == ["ON_REPLY"]


def test_a_refusal_keeps_what_was_chosen(page, place, acme):
    answer = page("admin@acme.test").post(place, {"name": "", "read_policy": "NEVER"})

    assert answer.status_code == 400
    tags = tags_of(answer.content.decode())
    chosen = [tag["value"] for name, tag in tags if name == "input" and "checked" in tag]
    assert chosen == ["NEVER"]
    assert kept(acme) == "ON_OPEN"


def test_read_marks_that_failed_are_counted(page, acme, phones):
    with context.tenant(acme.schema_name):
        Phone.objects.update(read_marks_failed=3)

    shown = page("admin@acme.test").get(f"/settings/numbers/{phones['acme'].pk}/")

    assert "3 read marks were not taken" in shown.content.decode()


def test_the_others_read_the_choice_only(page, place, acme, phones):
    for who in ("ana@acme.test", "vera@acme.test"):
        assert page(who).post(place, {"name": "Loja", "read_policy": "NEVER"}).status_code == 403
        shown = page(who).get(f"/settings/numbers/{phones['acme'].pk}/").content.decode()
        assert "When somebody opens the conversation" in shown
        assert 'name="read_policy"' not in shown
    assert kept(acme) == "ON_OPEN"


def test_another_tenants_number_is_missing(page, acme, globex, phones):
    missing = "/settings/numbers/999/choices"

    answer = page("admin@globex.test").post(missing, {"name": "Loja", "read_policy": "NEVER"})

    assert answer.status_code == 404
    assert kept(acme) == kept(globex) == "ON_OPEN"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"name": "Loja", "read_policy": "never"},
        {"name": "Loja", "read_policy": ""},
        {"name": "", "read_policy": "NEVER"},
        {"name": "a" * 121, "read_policy": "NEVER"},
    ],
)
def test_anything_else_is_refused(page, place, acme, odd):
    assert page("admin@acme.test").post(place, odd).status_code == 400
    assert kept(acme) == "ON_OPEN"
