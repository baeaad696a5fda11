"""The page's part about the chosen number, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.plugin import find_chromium
from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, wait_until
from tests.whatsapp.simulator.test_page import chromium, phone

__all__ = ["chromium", "phone"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]


def test_meta_changes_its_mind_of_a_number(phone, sim, receiver):
    expect(phone.locator("#number-state")).to_have_text("Healthy and registered.")
    phone.get_by_text("What Meta thinks of it").click()

    phone.get_by_label("Quality").select_option("low")

    expect(phone.locator("#number-state")).to_have_text("Quality: low")
    value = wait_until(lambda: receiver.deliveries)[0].values[0]
    assert value["event"] == "FLAGGED"
    phone.get_by_label("Display name").fill("Acme Modas")
    phone.get_by_label("Decide on the name").select_option("approved")
    wait_until(lambda: sim.number(ACME)["verified_name"] == "Acme Modas")
    expect(phone.get_by_label("Decide on the name")).to_have_value("")


def test_an_account_falls_silent_and_comes_back(phone, sim):
    phone.get_by_text("Its account").click()

    phone.locator("label", has_text="The app hears of it").click()
    expect(phone.locator("#number-state")).to_have_text("not subscribed")
    assert sim.number(ACME)["account"]["subscribed"] is False
    phone.locator("label", has_text="The app hears of it").click()
    phone.get_by_label("Something happens").select_option("disabled")
    expect(phone.locator("#number-state")).to_have_text("disabled")
    phone.get_by_label("Something happens").select_option("reinstated")

    expect(phone.locator("#number-state")).to_have_text("Healthy and registered.")
    assert sim.number(ACME)["account"]["waba_id"] == ACME_WABA


def test_a_token_ends_and_loses_a_permission(phone, call, sim):
    phone.get_by_text("Its token").click()

    phone.get_by_label("The token is").select_option("expired")
    expect(phone.locator("#number-state")).to_have_text("The token is expired")
    assert call("GET", f"/v25.0/{ACME}").status == 401
    phone.get_by_label("The token is").select_option("good")
    phone.locator("label", has_text="May send and receive").click()

    wait_until(lambda: sim.number(ACME)["token"]["scopes"] == ["whatsapp_business_management"])
    assert call.send().error["code"] == 10


def test_a_signup_gives_a_code(phone, call, sim):
    phone.get_by_role("button", name="Finish an Embedded Signup").click()

    expect(phone.locator("#sign-up-code")).to_contain_text("good once")
    code = phone.locator("#sign-up-code").inner_text().split("code ")[1].split()[0]
    body = {"client_id": "1000", "client_secret": "the-app-secret", "code": code}
    assert call("POST", "/v25.0/oauth/access_token", body, token="").status == 200


def test_a_new_number_has_all_that_connecting_by_hand_needs(phone, call, sim):
    phone.get_by_role("button", name="New number with a token").click()

    expect(phone.locator("#sign-up-code")).to_contain_text("token ")
    papers = phone.locator("#sign-up-code").inner_text().split()
    number, waba, token = papers[1], papers[3], papers[5]
    known = call("GET", f"/v25.0/{waba}/phone_numbers?fields=id", token=token).json
    assert known["data"] == [{"id": number}]


def test_a_narrow_screen_holds_it(phone, sim):
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.locator(".knobs-button").click()
    for words in ("What Meta thinks of it", "Its account", "Its token"):
        phone.get_by_text(words).click()
    phone.get_by_role("button", name="Finish an Embedded Signup").click()
    expect(phone.locator("#sign-up-code")).to_be_visible()

    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
