"""A broadcast in real Chromium, against the simulator: from a file to the last message."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.flows.running import Demo
from tests.plugin import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]
DEADLINE_MS = 60_000
PEOPLE = 12


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [f"+55 11 97{place:03}-{place:04};Pessoa {place};A-{place}" for place in range(PEOPLE)]
    path = tmp_path / "lista.csv"
    lines = ["telefone;nome;pedido", *rows, "nada;Caio;C-9", rows[0]]
    path.write_text("\n".join(lines), encoding="cp1252")
    return path


@pytest.fixture
def tab(living: Demo) -> Iterator[Page]:
    """Ana's browser, on the page of a new broadcast."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_context(locale="en-US").new_page()
        page.set_default_timeout(DEADLINE_MS)
        address = living.read()["tenants"]["acme"]["url"].rstrip("/")
        page.goto(f"{address}/login/?next=/broadcasts/new")
        page.fill("input[name=email]", "ana@acme.test")
        page.fill("input[name=password]", "demo")
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/broadcasts/new")
        yield page
        browser.close()


def test_contacts_are_counted_while_they_are_chosen(tab):
    people = tab.locator("#broadcast-people")

    tab.check("input[value=CONTACTS]")
    expect(people).to_contain_text("people will be on the list.", timeout=DEADLINE_MS)
    tab.fill("input[name=q]", "nobody at all")
    expect(people).to_contain_text("0 people will be on the list.", timeout=DEADLINE_MS)


def test_a_file_goes_to_everybody_on_it(tab, file):
    tab.fill("input[name=name]", "Pedidos de hoje")
    tab.select_option("select[name=template]", label="pedido_saiu (pt_BR)")
    tab.set_input_files("input[name=file]", file)
    tab.click(".broadcast-form button[type=submit]")

    tab.wait_for_url("**/columns")
    for select, column in zip(
        tab.locator(".mapping select").all(), ("nome", "pedido", "pedido"), strict=True
    ):
        select.select_option(column)
    expect(tab.locator("#broadcast-previews")).to_contain_text(
        "Olá Pessoa 1, seu pedido A-1 saiu", timeout=DEADLINE_MS
    )
    tab.locator("form.broadcast-form button.primary").click()

    chip = tab.locator("[data-broadcast]")
    expect(chip).to_have_attribute("data-broadcast", "DRAFT", timeout=DEADLINE_MS)
    whole = tab.locator(".broadcast-whole")
    expect(whole).to_contain_text(f"{PEOPLE} people will be written to.")
    expect(whole).to_contain_text("This is no telephone number.")
    expect(whole).to_contain_text("The same person stands on the list already.")
    tab.locator("a[href$='/start']").click()
    tab.locator("form.card button.primary").click()

    expect(chip).to_have_attribute("data-broadcast", "FINISHED", timeout=DEADLINE_MS)
    expect(whole).to_contain_text(f"{PEOPLE} of {PEOPLE} (100%)")
    expect(whole).not_to_have_attribute("hx-get", "")
    expect(tab.locator(".broadcast-rest:visible")).to_have_count(0)
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.get_by_role("link", name="All rows").click()
    assert tab.evaluate("document.querySelector('.sheet-page').scrollWidth") <= 390
    tab.get_by_role("link", name="Conversation", exact=True).first.click()
    expect(tab.locator("#conversation")).to_contain_text("Olá Pessoa 0, seu pedido A-0 saiu")
