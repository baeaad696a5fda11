"""Answering one message in real Chromium: by menu and by keys, and what WhatsApp then gets."""

import requests
from playwright.sync_api import Page, expect

from tests.flows.running import Demo
from tests.flows.test_inbox_page import DEADLINE_MS, Customer, chromium, inbox, noe, pytestmark

__all__ = ["chromium", "inbox", "noe", "pytestmark"]


def test_a_message_is_answered_by_its_menu_and_by_a_key(inbox: Page, noe: Customer, living: Demo):
    noe.open(inbox, "Tem na cor verde?")
    bubble = inbox.locator(".bubble.in", has_text="cor verde")
    bubble.hover()
    bubble.locator("summary").click()
    bubble.locator("[data-quote]").click()
    chip = inbox.locator(".quoting .quote")
    expect(chip).to_contain_text("cor verde", timeout=DEADLINE_MS)
    expect(inbox.locator("#reply")).to_be_focused()

    inbox.locator("[data-unquote]").click()
    expect(chip).to_have_count(0)
    inbox.locator("#reply").press("Escape")
    inbox.keyboard.press("y")
    expect(chip).to_contain_text("cor verde", timeout=DEADLINE_MS)
    inbox.locator("#reply").fill("Tem, sim")
    inbox.locator("#reply").press("Enter")

    answer = inbox.locator(".bubble.out", has_text="Tem, sim")
    expect(answer.locator(".quote")).to_contain_text("cor verde", timeout=DEADLINE_MS)
    expect(chip).to_have_count(0)
    expect(answer.locator(".tick.read, .tick.delivered, .tick.sent")).to_be_visible(
        timeout=DEADLINE_MS
    )
    state = living.read()
    sent = requests.get(f"{state['simulator_url']}/simulator/messages", timeout=30).json()
    (body,) = [
        one["body"]
        for one in sent["messages"]
        if one["body"].get("text", {}).get("body") == "Tem, sim"
    ]
    assert body["context"]["id"].startswith("wamid.")


def test_a_message_in_focus_has_a_menu_for_the_keyboard(inbox: Page, noe: Customer):
    noe.open(inbox, "primeira")
    noe.write("segunda")
    expect(inbox.locator(".bubble.in", has_text="segunda")).to_be_visible(timeout=DEADLINE_MS)
    inbox.locator(".bubble.in", has_text="segunda").focus()

    inbox.keyboard.press("ArrowUp")
    expect(inbox.locator(".bubble.in", has_text="primeira")).to_be_focused()
    inbox.keyboard.press("x")
    expect(inbox.locator(".bubble-menu[open] .reacting button").first).to_be_focused()
    inbox.keyboard.press("Escape")
    expect(inbox.locator(".bubble-menu[open]")).to_have_count(0)
