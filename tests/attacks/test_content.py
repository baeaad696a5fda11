"""What people typed in, on every page that shows it: text, and never a tag of the page.

What customers send is in tests/faults/test_bodies.py and tests/conversations/test_bubbles.py.
"""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import CharField, Field, Model, TextField, Value
from django.db.models.functions import Cast, Concat, Substr
from django.utils import timezone

from tenants import context
from tenants.services import mail, support
from tests.access import doors
from tests.access.things import Things

pytestmark = pytest.mark.django_db

EVIL = "\"'><xss-canary>{{7*7}}"
TAG = "xss-canary"
# What people and customers write, by model; everything else is ours or has one shape only.
WRITTEN = {
    "conversations.Contact": ["name", "profile_name"],
    "conversations.Message": ["text"],
    "conversations.Note": ["body"],
    "conversations.Label": ["name"],
    "conversations.Broadcast": ["name", "problem"],
    "conversations.ContactAttribute": ["label"],
    "whatsapp.Phone": ["name"],
    "whatsapp.MediaFile": ["name"],
    "whatsapp.MessageTemplate": ["name", "reason"],
    "whatsapp.Job": ["error"],
    "whatsapp.NumberFact": ["word"],
    "tenants.User": ["name"],
    "tenants.Tenant": ["name"],
    "tenants.Plan": ["name"],
    "tenants.ApiKey": ["name"],
    "webhooks.MetaApp": ["name"],
}


class Tags(HTMLParser):
    """The names of a page's tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.names.add(tag)


def _spoil(labels: set[str]) -> None:
    for label, names in WRITTEN.items():
        model = apps.get_model(label)
        if model._meta.app_label in labels:
            for name in names:
                _spoil_column(model, name)


def _spoil_column(model: type[Model], name: str) -> None:
    """Write it into every row, with the key at its end: some are unique."""
    field: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    assert isinstance(field, CharField | TextField)
    room = min(field.max_length or 200, 200)
    assert room > len(EVIL)
    text = Concat(Value(EVIL), Cast("pk", TextField()), output_field=TextField())
    model._default_manager.update(**{name: Substr(text, 1, room)})


@pytest.fixture
def addresses(actor, phones, people, acme) -> list[str]:
    """The addresses of all pages of acme, which is full of it."""
    boss, admin_of_acme = people["admin@balcao.test"], actor("admin@acme.test")
    things = Things(admin_of_acme, phones["acme"])
    found = [things.address(route) for route, method in sorted(doors.of_pages()) if method == "GET"]
    support.open_access(actor=boss, tenant=acme, role="ADMIN", reason=EVIL, now=timezone.now())
    with context.platform():
        mail.post(to="x@example.com", subject=EVIL, body=EVIL, tenant=acme)
        _spoil({"tenants", "webhooks"})
    with context.tenant(acme.schema_name):
        _spoil({"conversations", "whatsapp"})
    return found


def test_pages_show_it_as_text(page, addresses):
    browser = page("admin@acme.test")
    shown, wrong = 0, []
    for address in addresses:
        answer = browser.get(f"/{address}")
        if not answer["Content-Type"].startswith("text/html"):
            continue
        html = answer.content.decode()
        shown += "xss-canary" in html
        if TAG in Tags(html).names or ">49" in html:
            wrong.append(address)

    assert shown > 30
    assert wrong == []


def test_the_console_shows_it_as_text(console, addresses):
    shown, wrong = 0, []
    for model in admin.site._registry:
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        with context.platform():
            key = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        for path in (listed, f"{listed}{key}/change/"):
            html = console.get(path, follow=True).content.decode()
            shown += "xss-canary" in html
            if TAG in Tags(html).names:
                wrong.append(path)

    assert shown > 20
    assert wrong == []
