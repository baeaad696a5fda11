"""Meta's sign-up in a real browser, with a script and a window that stand in for Meta's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import Page, Route, expect, sync_playwright

from tenants import context
from tenants.models import Tenant
from tests.plugin import find_chromium
from whatsapp.models import Job

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]
PATIENCE_MS = 30_000
CODE = "AQBhlXsctMxJYbwbrpybxlo9tLPGy"
# Opens a frame of Facebook's, which tells what was signed up, and hands the code to the page.
SDK = """
window.FB = {
  init(options) { window.initialised = options; },
  login(heard, options) {
    window.asked = options;
    const frame = document.createElement("iframe");
    frame.src = "https://www.facebook.com/signup";
    document.body.append(frame);
    setTimeout(() => heard({ authResponse: { code: "%s" } }), 50);
  },
};
"""
WINDOW = """<script>
const tell = (data) => parent.postMessage(JSON.stringify(data), "*");
parent.postMessage("not json", "*");
tell({ type: "SOMETHING_ELSE", event: "FINISH", data: { waba_id: "1", phone_number_id: "2" } });
tell(%s);
</script>"""
FINISHED = """{ type: "WA_EMBEDDED_SIGNUP", event: "FINISH", version: "4",
  data: { phone_number_id: "106540352242777", waba_id: "102290129340777", business_id: "1" } }"""
CANCELLED = '{ type: "WA_EMBEDDED_SIGNUP", event: "CANCEL", data: { current_step: "PHONE" } }'


@pytest.fixture
def tab(live_server, people, phones, settings) -> Iterator[Page]:
    """An admin's browser on the page of the sign-up."""
    settings.META_SIGNUP_CONFIG_ID = "4711"
    host = f"acme.localhost:{urlsplit(live_server.url).port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        _serve(page, "https://connect.facebook.net/**", SDK % CODE, "text/javascript")
        page.goto(f"http://{host}/login/?next=/settings/numbers/signup")
        page.fill("input[name=email]", "admin@acme.test")
        page.fill("input[name=password]", "demo")
        page.click("button[type=submit]")
        page.wait_for_url("**/settings/numbers/signup")
        yield page
        browser.close()


def _serve(page: Page, pattern: str, body: str, kind: str) -> None:
    def answer(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=body, content_type=kind, headers=headers)

    page.route(pattern, answer)


def asked(tenant: Tenant) -> list[tuple[str, str]]:
    """Return number and account of every job; from a thread that the browser's loop is not in."""

    def read() -> list[tuple[str, str]]:
        try:
            with context.tenant(tenant.schema_name):
                return [(job.subject, job.arguments["waba_id"]) for job in Job.objects.all()]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read).result()


def test_what_metas_window_tells_becomes_a_job(tab, acme):
    _serve(tab, "https://www.facebook.com/**", WINDOW % FINISHED, "text/html")
    tab.fill("input[name=pin]", "482913")
    tab.click("#signup-start")

    tab.wait_for_url("**/settings/numbers/signup/*")

    assert asked(acme) == [("106540352242777", "102290129340777")]
    assert CODE not in tab.url


def test_a_window_that_was_closed_changes_nothing(tab, acme):
    _serve(tab, "https://www.facebook.com/**", WINDOW % CANCELLED, "text/html")
    tab.click("#signup-start")

    expect(tab.locator("#signup-status")).to_contain_text("was not finished")
    assert asked(acme) == []


def test_nobody_else_is_listened_to(tab, acme):
    tab.evaluate(f"window.postMessage(JSON.stringify({FINISHED}), '*')")
    tab.evaluate(
        "() => { window.FB.login = (heard) => heard({ authResponse: { code: 'some-code' } }) }"
    )
    tab.click("#signup-start")
    tab.evaluate(f"window.postMessage(JSON.stringify({FINISHED}), '*')")
    tab.wait_for_timeout(500)

    assert tab.url.endswith("/settings/numbers/signup")
    assert asked(acme) == []
