"""The customer's phone in a real browser."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.files import JPEG
from tests.plugin import find_chromium
from tests.whatsapp.simulator.conftest import ACME, GLOBEX, JOAO, MARIA, wait_until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium, sim, receiver) -> Iterator[Page]:
    """Maria's phone, in a chat with acme; a complaint of the browser fails the test."""
    context = chromium.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: m.type in {"error", "warning"} and complaints.append(m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{sim.url}/?phone_number_id={ACME}&wa_id={MARIA}")
    yield page
    context.close()
    assert complaints == []


def test_what_the_customer_types_arrives_and_the_answer_appears(phone, call, sim, receiver):
    phone.get_by_label("Message", exact=True).fill("Oi! Meu pedido chegou <b>pequeno</b> 😕")
    phone.get_by_label("Message", exact=True).press("Enter")

    (message,) = wait_until(lambda: receiver.messages)
    assert message["text"]["body"] == "Oi! Meu pedido chegou <b>pequeno</b> 😕"
    assert receiver.deliveries[0].is_signed
    expect(phone.locator(".mine.delivered p")).to_have_text(message["text"]["body"])
    expect(phone.get_by_label("Message", exact=True)).to_have_value("")

    call.send("Olá, Maria!")
    expect(phone.locator(".theirs p")).to_have_text("Olá, Maria!")
    expect(phone.locator(".theirs.read .ticks")).to_be_visible()

    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": message["id"]}
    typing = {**mark, "typing_indicator": {"type": "text"}}
    call("POST", f"/v25.0/{ACME}/messages", typing)
    expect(phone.locator(".mine.read")).to_be_visible()
    expect(phone.get_by_text("typing…")).to_be_visible()


def test_the_ticks_climb_and_a_failure_shows_its_code(phone, call, sim):
    sim.change(never_read=True)
    call.send("Um")
    expect(phone.locator(".theirs.delivered")).to_be_visible()

    sim.change(fail_code=131026)
    call.send("Dois")

    expect(phone.locator(".theirs.failed .note")).to_have_text("Failed 131026")


def test_another_business_and_another_customer_have_other_chats(phone, call, sim):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Para a loja")
    sim.inbound(phone_number_id=GLOBEX, sender=JOAO, text="Para a clínica")
    expect(phone.locator(".message p")).to_have_text("Para a loja")

    phone.get_by_role("button", name="João Pereira").click()
    expect(phone.locator(".message")).to_have_count(0)
    phone.get_by_label("Writing to").select_option("Clínica Globex")

    expect(phone.locator(".message p")).to_have_text("Para a clínica")
    assert f"wa_id={JOAO}" in phone.url


def test_a_new_customer_writes(phone, receiver):
    phone.get_by_text("Add customer").click()
    phone.get_by_role("button", name="Add", exact=True).click()
    expect(phone.locator("#add-form .error")).to_be_visible()
    phone.get_by_label("Name", exact=True).fill("Léo Dias")
    phone.get_by_label("Number with country code").fill("+55 11 90000-0009")
    phone.get_by_role("button", name="Add", exact=True).click()
    expect(phone.get_by_role("button", name="Léo Dias")).to_have_attribute("aria-current", "true")

    phone.get_by_label("Message", exact=True).fill("Bom dia")
    phone.get_by_role("button", name="Send").click()

    assert wait_until(lambda: receiver.messages)[0]["from"] == "5511900000009"


def test_a_knob_is_turned_and_all_is_put_back(phone, call, sim):
    phone.get_by_text("Answers", exact=True).click()
    phone.get_by_label("Refuse sends with").select_option("130429 too many (429)")
    expect(phone.locator("#turned")).to_contain_text("Refuse sends with")
    wait_until(lambda: call("GET", "/simulator/settings").json["refuse"] == "130429")
    assert call.send().status == 429
    expect(phone.locator("#log .bad b").first).to_have_text("← POST messages")

    phone.get_by_role("button", name="All back to normal").click()

    expect(phone.locator("#turned")).to_have_text("None: everything works")
    assert call.send().status == 200


def test_a_phone_in_the_pocket_leaves_messages_unread(phone, call):
    phone.locator(".habit", has_text="Opens messages").click()
    wait_until(lambda: not _maria(call)["reads"])
    call.send("Oi")
    expect(phone.locator(".theirs.delivered")).to_be_visible()

    phone.locator(".habit", has_text="Opens messages").click()

    expect(phone.locator(".theirs.read")).to_be_visible()


def _maria(call) -> dict:
    people = call("GET", "/simulator/state").json["customers"]
    return next(person for person in people if person["wa_id"] == MARIA)


def test_a_narrow_screen_shows_one_thing_at_a_time(phone, call):
    phone.set_viewport_size({"width": 390, "height": 844})
    call.send("Uma frase comprida " * 20)
    expect(phone.locator(".theirs")).to_be_visible()
    expect(phone.locator(".people")).to_be_hidden()

    phone.locator(".top [data-go=people]").click()
    expect(phone.locator(".people")).to_be_visible()
    expect(phone.locator(".stage")).to_be_hidden()
    phone.get_by_role("button", name="Maria Souza").click()
    phone.locator(".knobs-button").click()
    expect(phone.locator(".panel")).to_be_visible()
    phone.locator(".panel [data-go=chat]").click()
    expect(phone.get_by_label("Message", exact=True)).to_be_visible()

    widths = phone.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert all(a <= b for a, b in pairwise(widths))


def test_a_file_is_attached_and_shown(phone, sim, receiver):
    phone.get_by_label("Message", exact=True).fill("Olha só")
    phone.locator("#file").set_input_files(
        {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": JPEG}
    )

    expect(phone.locator(".mine .media img")).to_be_visible()
    sent = wait_until(lambda: receiver.messages)[0]
    assert (sent["type"], sent["image"]["caption"]) == ("image", "Olha só")
    expect(phone.get_by_label("Message", exact=True)).to_have_value("")
    loaded = "image => image.complete && image.naturalWidth"
    wait_until(lambda: phone.locator(".mine .media img").evaluate(loaded) == 64)
