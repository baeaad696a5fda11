"""Statuses of messages that another system sent by our number: counted, and shown."""

import pytest

from tenants import context
from tests.api import api_of
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["admin", "vera"])
def test_the_number_s_page_and_the_api_say_how_many(page, people, acme, phones, who):
    pk = phones["acme"].pk
    browser, api = page(f"{who}@acme.test"), api_of(people[f"{who}@acme.test"])
    place, route = f"/settings/numbers/{pk}/", f"/api/v1/tenant/{acme.pk}/phones/{pk}/"
    assert "another system" not in browser.get(place).content.decode()
    assert api.get(route).json()["foreign_statuses"] == 0

    with context.tenant(acme.schema_name):
        Phone.objects.update(foreign_statuses=17)

    html = browser.get(place).content.decode()
    assert "Reports on messages of another system" in html and "17" in html
    assert api.get(route).json()["foreign_statuses"] == 17
