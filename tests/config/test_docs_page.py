"""The page of the API's description in a real browser, under the pages' strict policy."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.plugin import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]
PATIENCE_MS = 30_000


@pytest.fixture
def page(live_server) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.set_default_timeout(PATIENCE_MS)
        yield opened
        browser.close()


@pytest.mark.django_db(transaction=True)
def test_it_draws_every_route_and_asks_no_other_host(live_server, page):
    complaints: list[str] = []
    hosts: set[str | None] = set()
    page.on("console", lambda m: m.type in {"error", "warning"} and complaints.append(m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))

    paths = page.request.get(f"{live_server.url}/api/schema/").json()["paths"]
    operations = [verb for path in paths.values() for verb in path if verb != "parameters"]
    assert len(operations) >= 20
    page.goto(f"{live_server.url}/api/docs/")

    expect(page.locator(".opblock")).to_have_count(len(operations), timeout=PATIENCE_MS)
    route = page.locator("#operations-auth-auth_login")
    route.locator(".opblock-summary-control").click()
    route.get_by_role("button", name="Try it out").click()
    route.get_by_role("button", name="Execute").click()
    answer = route.locator(".live-responses-table tbody .response-col_status")
    expect(answer).to_contain_text("401", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.get_by_text("accessToken", exact=False).first).to_be_visible()
    # The refusal that was asked for is an error to the browser; nothing else may be one.
    assert [text for text in complaints if "401" not in text] == []
    assert hosts <= {"localhost", None}
