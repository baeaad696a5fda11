"""What the open page does by itself, in real Chromium: nothing written is lost, nothing jumps."""

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.flows.running import Demo
from tests.plugin import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]
DEADLINE_MS = 60_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def inbox(living: Demo, chromium: Browser) -> Iterator[Page]:
    """Ana's inbox, live."""
    context = chromium.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    page.goto(living.read()["tenants"]["acme"]["url"])
    page.locator("input[name=email]").fill("ana@acme.test")
    page.locator("input[name=password]").fill("demo")
    page.locator("form button[type=submit]").first.click()
    expect(light(page)).to_have_attribute("data-state", "live", timeout=DEADLINE_MS)
    yield page
    context.close()


def light(page: Page) -> Locator:
    return page.locator("#light")


class Customer:
    """Somebody new to the business, with a phone on the simulator."""

    numbers = count(5511988870001)

    def __init__(self, demo: Demo) -> None:
        self.number = str(next(self.numbers))
        self.name = f"Noé {self.number[-4:]}"
        self._demo = demo.read()

    def write(self, text: str) -> None:
        phone = self._demo["tenants"]["acme"]["phone_number_id"]
        body = {"phone_number_id": phone, "from": self.number, "name": self.name, "text": text}
        address = f"{self._demo['simulator_url']}/simulator/inbound"
        assert requests.post(address, json=body, timeout=30).status_code == 200

    def phone(self, page: Page) -> Page:
        """Return the simulated phone, in a window of its own."""
        phone = page.context.new_page()
        number = self._demo["tenants"]["acme"]["phone_number_id"]
        query = urlencode({"phone_number_id": number, "wa_id": self.number})
        phone.goto(f"{self._demo['simulator_url']}/?{query}")
        return phone

    def row(self, page: Page) -> Locator:
        return page.locator("li.row", has_text=self.name)

    def open(self, page: Page, greeting: str) -> None:
        """Write something and have the operator open it."""
        self.write(greeting)
        expect(self.row(page)).to_contain_text(greeting, timeout=DEADLINE_MS)
        self.row(page).locator("a").click()
        expect(page.locator(".bubble.in", has_text=greeting)).to_be_visible(timeout=DEADLINE_MS)


@pytest.fixture
def noe(living: Demo) -> Customer:
    return Customer(living)


def test_a_reply_to_a_thread_that_moved_on_is_held_back(inbox: Page, noe: Customer):
    noe.open(inbox, "Quero o azul")
    inbox.route("**/inbox/changes*", lambda route: route.abort())
    other = inbox.context.new_page()
    other.goto(inbox.url)
    noe.write("Na verdade, o verde")
    expect(other.locator(".bubble.in", has_text="o verde")).to_be_visible(timeout=DEADLINE_MS)
    other.close()

    inbox.locator("#reply").fill("Azul, combinado")
    inbox.locator("#reply").press("Enter")
    sheet = inbox.locator(".sheet")
    expect(sheet).to_contain_text("1 new message", timeout=DEADLINE_MS)
    expect(inbox.locator("#reply")).to_have_value("Azul, combinado")
    expect(inbox.locator(".bubble.out")).to_have_count(0)

    inbox.unroute("**/inbox/changes*")
    sheet.get_by_role("button", name="Send anyway").click()
    sent = inbox.locator(".bubble.out[data-id]", has_text="Azul, combinado")
    expect(sent).to_have_count(1, timeout=DEADLINE_MS)
    expect(sheet).to_have_count(0)


def test_without_a_connection_the_text_comes_back_and_later_goes_out_once(
    inbox: Page, noe: Customer
):
    noe.open(inbox, "Tem entrega hoje?")
    inbox.context.set_offline(True)
    inbox.locator("#reply").fill("Tem, até as 18 h")
    inbox.locator("#reply").press("Enter")

    expect(inbox.locator(".toast")).to_be_visible(timeout=DEADLINE_MS)
    expect(inbox.locator("#reply")).to_have_value("Tem, até as 18 h")
    expect(light(inbox)).to_have_attribute("data-state", "offline", timeout=DEADLINE_MS)

    noe.write("Alô?")
    inbox.context.set_offline(False)
    expect(inbox.locator(".bubble.in", has_text="Alô?")).to_be_visible(timeout=DEADLINE_MS)
    inbox.locator("#reply").press("Enter")
    sent = inbox.locator(".bubble.out[data-id]", has_text="até as 18 h")
    expect(sent).to_have_count(1, timeout=DEADLINE_MS)
    expect(light(inbox)).to_have_attribute("data-state", "live", timeout=DEADLINE_MS)


def test_a_page_without_a_socket_polls_and_says_so(inbox: Page, noe: Customer):
    inbox.route_web_socket("**/ws/inbox/", lambda socket: socket.close(code=4013))
    inbox.reload()
    expect(light(inbox)).to_have_attribute("data-state", "polling", timeout=DEADLINE_MS)

    noe.write("Estou esperando")

    expect(noe.row(inbox)).to_contain_text("Estou esperando", timeout=DEADLINE_MS)


def test_what_is_read_does_not_move_and_drafts_wait(inbox: Page, noe: Customer):
    noe.open(inbox, "Oi")
    for number in range(12):
        noe.write(f"linha {number}\n" * 4)
    expect(inbox.locator(".bubble.in", has_text="linha 11")).to_be_visible(timeout=DEADLINE_MS)
    inbox.locator("#scroller").hover()
    inbox.mouse.wheel(0, -500)
    anchor = inbox.locator(".bubble.in", has_text="linha 6")
    jump = inbox.locator("#jump")
    expect(jump).to_be_visible(timeout=DEADLINE_MS)
    before = anchor.bounding_box()["y"]

    noe.write("e mais uma")
    expect(jump).to_contain_text("1", timeout=DEADLINE_MS)
    assert abs(anchor.bounding_box()["y"] - before) < 2
    jump.click()
    expect(inbox.locator(".bubble.in", has_text="e mais uma")).to_be_in_viewport()

    inbox.locator("#reply").fill("um rascunho")
    inbox.reload()
    expect(inbox.locator("#reply")).to_have_value("um rascunho", timeout=DEADLINE_MS)


def test_the_list_is_walked_by_keyboard_and_its_order_waits_meanwhile(inbox: Page, noe: Customer):
    inbox.keyboard.press("j")
    expect(inbox.locator("#conversation[data-conversation]")).to_be_visible(timeout=DEADLINE_MS)
    first = inbox.url
    inbox.keyboard.press("j")
    inbox.wait_for_url(lambda url: url != first)
    inbox.keyboard.press("k")
    inbox.wait_for_url(first)

    inbox.locator("#rows-box").hover()
    noe.write("Sou novo aqui")
    expect(noe.row(inbox)).to_be_visible(
        timeout=DEADLINE_MS
    )  # at once, or when the pointer has rested
    expect(inbox.locator("li.row").first).to_contain_text(noe.name, timeout=DEADLINE_MS)

    inbox.keyboard.press("?")
    expect(inbox.locator("#help")).to_be_visible()
    inbox.keyboard.press("Escape")
    inbox.keyboard.press("/")
    inbox.keyboard.type(noe.number[2:])
    expect(inbox.locator("li.row")).to_have_count(1, timeout=DEADLINE_MS)


def test_a_reaction_is_a_chip_at_once_and_reaches_the_phone(inbox: Page, noe: Customer):
    noe.open(inbox, "Chegou certinho!")
    phone = noe.phone(inbox)
    bubble = inbox.locator(".bubble.in", has_text="Chegou certinho!")
    bubble.focus()

    inbox.keyboard.press("x")
    inbox.keyboard.press("Tab")
    inbox.keyboard.press("Enter")  # the second of the six

    expect(bubble.locator(".reaction")).to_contain_text("❤️", timeout=DEADLINE_MS)
    expect(inbox.locator(".bubble.out")).to_have_count(0)
    expect(phone.locator("#messages")).to_contain_text("❤️", timeout=DEADLINE_MS)

    bubble.locator(".bubble-menu > summary").click()
    bubble.locator(".reacting [aria-pressed=true]").click()
    expect(bubble.locator(".reaction")).to_have_count(0, timeout=DEADLINE_MS)


def test_nothing_that_the_policy_forbids_and_no_error_in_the_console(inbox: Page, noe: Customer):
    complaints: list[str] = []
    inbox.on("pageerror", lambda error: complaints.append(str(error)))
    inbox.on("console", lambda line: line.type == "error" and complaints.append(line.text))

    inbox.reload()
    expect(light(inbox)).to_have_attribute("data-state", "live", timeout=DEADLINE_MS)
    noe.open(inbox, "<img src=x onerror=alert(1)>")
    inbox.locator("#reply").fill("<script>alert(1)</script>")
    inbox.locator("#reply").press("Enter")
    bubble = inbox.locator(".bubble.out[data-id]", has_text="<script>alert(1)</script>")
    expect(bubble).to_have_count(1, timeout=DEADLINE_MS)
    inbox.locator("li.row a").nth(2).click()
    inbox.go_back()
    expect(light(inbox)).to_have_attribute("data-state", "live", timeout=DEADLINE_MS)

    assert complaints == []
