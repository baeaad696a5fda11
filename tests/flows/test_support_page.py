"""From the console into a tenant and out again, in a real browser."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.plugin import find_chromium
from tests.tenants.letting_in import REASON

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]
PATIENCE_MS = 30_000


@pytest.fixture
def console_tab(live_server, people, phones, settings) -> Iterator[Page]:
    """A super-admin's browser, signed in at the console."""
    settings.BALCAO_DEMO = True  # no second factor
    settings.PUBLIC_PORT = urlsplit(live_server.url).port
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://localhost:{settings.PUBLIC_PORT}/admin/login/")
        page.fill("input[name=username]", "admin@balcao.test")
        page.fill("input[name=password]", "demo")
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/admin/")
        yield page
        browser.close()


def test_a_super_admin_looks_in_and_leaves(console_tab, acme):
    console_tab.goto(f"{console_tab.url}tenants/tenant/{acme.pk}/open/")
    console_tab.select_option("select[name=role]", "ADMIN")
    console_tab.fill("textarea[name=reason]", REASON)
    console_tab.locator("form button[type=submit]", has_text="Look in").click()

    console_tab.wait_for_url("http://acme.localhost:*/inbox/**")
    bar = console_tab.locator("#support-bar")
    expect(bar).to_contain_text(REASON)
    bar.locator("button").click()

    console_tab.wait_for_url("**/support/over")
    expect(console_tab.locator("h1")).to_have_text("Support access is over")
    console_tab.goto(console_tab.url.replace("/support/over", "/inbox/"))
    console_tab.wait_for_url("**/support/over")
