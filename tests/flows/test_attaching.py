"""An operator attaches a picture: it stands in the thread, and on the customer's phone."""

import http.client
import json
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests import files
from tests.flows.running import Demo, until
from tests.flows.test_inbox_page import DEADLINE_MS, Customer, chromium, inbox, noe
from tests.plugin import find_chromium
from whatsapp.services import voices

__all__ = ["chromium", "inbox", "noe"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]


def on_the_phone(demo: Demo, customer: Customer) -> list[dict]:
    """What the business's messages look like on the simulated phone."""
    number = demo.read()["tenants"]["acme"]["phone_number_id"]
    connection = http.client.HTTPConnection("127.0.0.1", demo.simulator_port, timeout=30)
    query = f"phone_number_id={number}&wa_id={customer.number}"
    connection.request("GET", f"/simulator/conversations?{query}")
    messages = json.loads(connection.getresponse().read())["messages"]
    connection.close()
    return [one for one in messages if one["direction"] == "outbound"]


def picked(name: str, data: bytes, kind: str) -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


def test_files_are_looked_at_sent_in_order_and_arrive(living: Demo, inbox: Page, noe: Customer):
    noe.open(inbox, "Tem foto?")
    tray = inbox.locator(".tray-item")
    inbox.set_input_files(
        "#files",
        [
            picked("foto.jpg", files.picture(size=(640, 480)), "image/jpeg"),
            picked("figura.webp", files.picture("WEBP", size=(320, 200)), "image/webp"),
            picked("programa.zip", files.ZIP, "application/zip"),
        ],
    )
    expect(tray).to_have_count(3)
    expect(tray.nth(0).locator("img")).to_be_visible()
    expect(tray.nth(1)).to_contain_text("Goes as JPEG")
    expect(tray.nth(2)).to_contain_text("application/zip")
    tray.nth(0).locator(".tray-caption").fill("Ficou assim")
    inbox.locator("#reply").fill("E o preço é o mesmo")
    inbox.locator("#send").dblclick()

    bubbles = inbox.locator(".bubble.out[data-id]")
    expect(bubbles).to_have_count(3, timeout=DEADLINE_MS)
    expect(bubbles.nth(0)).to_contain_text("Ficou assim")
    expect(bubbles.nth(0).locator(".picture img")).to_be_visible(timeout=DEADLINE_MS)
    expect(bubbles.nth(2)).to_contain_text("E o preço")
    expect(tray).to_have_count(1)
    tray.get_by_role("button").click()
    expect(tray).to_have_count(0)

    def arrived() -> list[dict] | None:
        found = on_the_phone(living, noe)
        return found if len(found) == 3 else None

    shown = until(arrived, "all of it arrived")
    assert [one["type"] for one in shown] == ["image", "image", "text"]
    assert "Ficou assim" in shown[0]["text"]
    assert {one["media"]["kind"] for one in shown[:2]} == {"image"}


def test_a_pasted_picture_is_attached(inbox: Page, noe: Customer):
    noe.open(inbox, "Manda o print?")
    inbox.locator("#reply").focus()
    inbox.evaluate(
        """async () => {
            const canvas = document.createElement("canvas");
            const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
            const data = new DataTransfer();
            data.items.add(new File([blob], "image.png", { type: "image/png" }));
            const event = { clipboardData: data, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", event));
        }"""
    )

    expect(inbox.locator(".tray-item img")).to_be_visible()
    inbox.locator("#reply").press("Enter")
    expect(inbox.locator(".bubble.out[data-id] .picture")).to_be_visible(timeout=DEADLINE_MS)


def test_without_a_connection_the_file_waits_and_later_goes_out_once(inbox: Page, noe: Customer):
    noe.open(inbox, "Manda de novo?")
    inbox.set_input_files("#files", [picked("foto.png", files.PNG, "image/png")])
    expect(inbox.locator(".tray-item img")).to_be_visible()
    inbox.context.set_offline(True)
    inbox.locator("#send").click()

    expect(inbox.locator(".toast")).to_contain_text("No connection")
    expect(inbox.locator(".tray-item")).to_have_count(1)

    inbox.context.set_offline(False)
    inbox.locator("#send").click()
    expect(inbox.locator(".bubble.out[data-id]")).to_have_count(1, timeout=DEADLINE_MS)
    expect(inbox.locator(".tray-item")).to_have_count(0)


@pytest.fixture
def talking(living: Demo, chromium: Browser) -> Iterator[Page]:
    """Ana's inbox in a browser whose microphone hears a beep."""
    devices = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(), args=["--no-sandbox", *devices]
    )
    context = browser.new_context(locale="en-US", permissions=["microphone"])
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    page.goto(living.read()["tenants"]["acme"]["url"])
    page.locator("input[name=email]").fill("ana@acme.test")
    page.locator("input[name=password]").fill("demo")
    page.locator("form button[type=submit]").first.click()
    expect(page.locator("#light")).to_have_attribute("data-state", "live", timeout=DEADLINE_MS)
    yield page
    browser.close()


@pytest.mark.skipif(not voices.is_possible(), reason="The voice extra is not installed.")
def test_a_voice_is_recorded_and_heard_on_the_phone(living: Demo, talking: Page, noe: Customer):
    noe.open(talking, "Me explica por áudio?")
    record = talking.get_by_role("button", name="Record a voice message")
    record.click()
    stop = talking.get_by_role("button", name="Stop recording")
    expect(stop).to_contain_text("0:01", timeout=DEADLINE_MS)
    stop.click()
    expect(talking.locator(".tray-item")).to_contain_text("Voice message")
    talking.locator("#send").click()

    bubble = talking.locator(".bubble.out[data-id]")
    expect(bubble.locator("audio")).to_have_count(1, timeout=DEADLINE_MS)
    (shown,) = until(lambda: on_the_phone(living, noe), "the voice arrived")
    assert (shown["type"], shown["media"]["kind"]) == ("audio", "audio")
    accepted = requests.get(f"{living.read()['simulator_url']}/simulator/messages", timeout=30)
    assert accepted.json()["messages"][-1]["body"]["audio"]["voice"] is True
