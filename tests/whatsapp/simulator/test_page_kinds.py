"""Every kind that a customer sends from the page, and every kind that it shows."""

import json

import pytest
from playwright.sync_api import expect

from tests.files import JPEG, OGG, PDF, WEBP
from tests.plugin import find_chromium
from tests.whatsapp.simulator.conftest import ACME, MARIA, wait_until
from tests.whatsapp.simulator.test_page import chromium, phone
from tests.whatsapp.simulator.test_taps import CAROUSEL, offer
from tests.whatsapp.test_limits import GOOD

__all__ = ["chromium", "offer", "phone"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="There is no Chromium."),
]


@pytest.fixture
def last(receiver):
    """Return the message that comes after those so far."""

    def wait(count=1):
        wait_until(lambda: len(receiver.messages) >= count)
        return receiver.messages[count - 1]

    return wait


def choose(phone, name):
    phone.locator("#more summary").click()
    phone.locator("#more-list").get_by_role("button", name=name).click()


def answer(phone):
    phone.locator("#ask").get_by_role("button", name="Send").click()


def options(phone, row):
    row.hover()
    row.get_by_label("Options of the message").click()


@pytest.mark.parametrize(
    ("name", "kind"), [("Location", "location"), ("Contact", "contacts"), ("Order", "order")]
)
def test_a_place_a_person_and_an_order_are_sent(phone, last, name, kind):
    choose(phone, name)
    answer(phone)

    message = last()
    assert message["type"] == kind
    assert message[kind]
    expect(phone.locator(".mine .card-in")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        ("Photo or video", ("a.jpg", "image/jpeg", JPEG), "image"),
        ("Document", ("a.jpg", "image/jpeg", JPEG), "document"),
        ("Document", ("a.pdf", "application/pdf", PDF), "document"),
        ("Audio file", ("a.ogg", "audio/ogg", OGG), "audio"),
        ("Voice message", ("a.ogg", "audio/ogg", OGG), "audio"),
        ("Sticker", ("a.webp", "image/webp", WEBP), "sticker"),
    ],
)
def test_each_kind_of_file_is_sent(phone, last, name, file, kind):
    filename, mime_type, data = file
    with phone.expect_file_chooser() as chooser:
        choose(phone, name)
    chooser.value.set_files({"name": filename, "mimeType": mime_type, "buffer": data})

    message = last()
    assert message["type"] == kind
    assert message[kind]["sha256"]
    if kind == "audio":
        assert message["audio"]["voice"] is (name == "Voice message")
    expect(phone.locator(".mine .media")).to_be_visible()


def test_a_question_that_is_left_sends_nothing(phone, sim):
    choose(phone, "Location")
    phone.locator("#ask").get_by_role("button", name="Cancel").click()
    choose(phone, "Order")
    phone.keyboard.press("Escape")

    expect(phone.locator("#ask")).to_be_hidden()
    assert sim.conversation(ACME, MARIA) == []


def test_a_text_is_forwarded_or_comes_from_an_ad(phone, last):
    phone.locator("#more summary").click()
    phone.get_by_label("As forwarded").check()
    phone.get_by_label("From an ad").check()
    phone.get_by_label("Message", exact=True).fill("Oi")
    phone.get_by_label("Message", exact=True).press("Enter")

    message = last()
    assert message["context"] == {"forwarded": True}
    assert message["referral"]["headline"]
    expect(phone.locator(".mine .ad")).to_be_visible()
    expect(phone.locator(".mine .mark")).to_contain_text("Forwarded")
    expect(phone.get_by_label("As forwarded")).not_to_be_checked()


def test_a_customer_reacts_and_takes_it_back(phone, call, last):
    call.send("Olá")
    row = phone.locator(".theirs")
    options(phone, row)
    phone.get_by_role("button", name="React with ❤️").click()
    expect(row.locator(".chips")).to_have_text("❤️")
    assert last()["reaction"]["emoji"] == "❤️"

    options(phone, row)
    phone.get_by_role("button", name="Take the reaction back").click()
    expect(row.locator(".chips")).to_be_hidden()
    assert "emoji" not in last(2)["reaction"]
    expect(phone.locator(".message")).to_have_count(1)


def test_a_customer_replies_edits_and_deletes(phone, call, last):
    wamid = call.send("Qual o tamanho?").json["messages"][0]["id"]
    options(phone, phone.locator(".theirs"))
    phone.get_by_role("button", name="Reply", exact=True).click()
    expect(phone.locator("#target")).to_contain_text("Qual o tamanho?")
    phone.get_by_label("Message", exact=True).fill("Pequno")
    phone.get_by_label("Message", exact=True).press("Enter")
    first = last()
    assert first["context"]["id"] == wamid
    expect(phone.locator(".mine blockquote")).to_contain_text("Qual o tamanho?")

    options(phone, phone.locator(".mine"))
    phone.get_by_role("button", name="Edit", exact=True).click()
    phone.get_by_label("Message", exact=True).fill("Pequeno")
    phone.get_by_label("Message", exact=True).press("Enter")
    edit = last(2)["edit"]
    assert edit["original_message_id"] == first["id"]
    assert edit["message"]["text"]["body"] == "Pequeno"
    expect(phone.locator(".mine p")).to_have_text("Pequeno")
    expect(phone.locator(".mine time")).to_contain_text("edited")

    options(phone, phone.locator(".mine"))
    phone.get_by_role("button", name="Delete", exact=True).click()
    assert last(3)["revoke"]["original_message_id"] == first["id"]
    expect(phone.locator(".mine")).to_contain_text("This message was deleted")


def test_buttons_and_rows_are_tapped(phone, call, last):
    call.send(type="interactive", interactive=GOOD["buttons"][1])
    phone.get_by_role("button", name="b", exact=True).click()
    assert last()["interactive"]["button_reply"]["id"] == "b1"

    call.send(type="interactive", interactive=GOOD["list"][1])
    phone.get_by_role("button", name="Ver", exact=True).click()
    phone.get_by_label("Row 1-2").check()
    answer(phone)
    assert last(2)["interactive"]["list_reply"]["id"] == "r1-2"


def test_a_form_takes_json_and_nothing_else(phone, call, last):
    call.send(type="interactive", interactive=GOOD["flow"][1])
    phone.get_by_role("button", name="Abrir").click()
    phone.get_by_label("Answers of the form").fill("[1]")
    answer(phone)
    expect(phone.locator("#ask .error")).to_have_text("This is no JSON object.")
    phone.get_by_label("Answers of the form").fill('{"nota": 4}')
    answer(phone)

    reply = last()["interactive"]["nfm_reply"]
    assert json.loads(reply["response_json"]) == {"flow_token": "t", "nota": 4}


def test_requests_are_answered(phone, call, last):
    call.send(type="interactive", interactive=GOOD["location request"][1])
    phone.get_by_role("button", name="Send location").click()
    answer(phone)
    assert last()["location"]["name"] == "Parque Ibirapuera"

    call.send(type="interactive", interactive=GOOD["contact request"][1])
    phone.get_by_role("button", name="Share my contact").click()
    assert last(2)["contacts"][0]["origin"] == "contact_request"


def test_a_template_shows_all_its_parts_and_its_buttons_work(phone, call, offer, last):
    call.send(**offer)
    bubble = phone.locator(".theirs")
    expect(bubble.locator("p").first).to_have_text("Oi Maria, hoje veja isto na loja.")
    expect(bubble.locator(".foot")).to_have_text("Loja Acme")
    expect(bubble.get_by_role("link", name="Ver")).to_have_attribute(
        "href", "https://example.com/p/7"
    )
    expect(bubble.get_by_role("link", name="Ligar")).to_have_attribute("href", "tel:+551140001001")
    phone.get_by_role("button", name="Copiar").click()
    expect(phone.locator("#said")).to_have_text("Copied: B2")

    phone.get_by_role("button", name="Quero", exact=True).click()
    assert last()["button"] == {"payload": "QUERO", "text": "Quero"}
    phone.get_by_role("button", name="Esta").last.click()
    assert last(2)["button"]["payload"] == "Esta"


def test_a_card_of_a_row_is_tapped(phone, call, last):
    call.send(**CAROUSEL)
    expect(phone.locator(".cards li")).to_have_count(2)
    phone.get_by_role("button", name="Quero 1").click()

    assert last()["interactive"]["button_reply"]["id"] == "c1"


def test_each_received_kind_has_its_own_look(phone, call, sim):
    call.send(text={"body": "Veja https://a.example/b", "preview_url": True})
    call.send(type="location", location={"latitude": "1", "longitude": "2", "name": "Loja"})
    call.send(type="contacts", contacts=GOOD["contacts"][1])
    call.send(type="image", image={"link": "https://a.example/a.jpg", "caption": "Foto"})
    sim.happen("echo", phone_number_id=ACME, sender=MARIA, text="Pelo app")
    sim.happen("identity_change", phone_number_id=ACME, sender=MARIA)

    expect(phone.locator(".theirs")).to_have_count(5)
    expect(phone.locator(".theirs a.card-in b")).to_have_text("a.example")
    expect(phone.locator(".theirs .place b")).to_have_text("Loja")
    expect(phone.locator(".theirs", has_text="Ana Lima")).to_be_visible()
    expect(phone.get_by_role("link", name="https://a.example/a.jpg")).to_be_visible()
    expect(phone.locator(".theirs", has_text="Pelo app")).to_be_visible()
    expect(phone.locator("li.day", has_text="User identity changed")).to_be_visible()


def test_a_customer_gets_another_number_and_keeps_the_chat(phone, sim, last):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    phone.get_by_label("Let something happen").select_option("Gets another number")
    phone.locator("#happenings").get_by_role("button", name="Go").click()
    phone.get_by_label("New number").fill("+55 11 97777-0001")
    answer(phone)

    assert last(2)["system"]["wa_id"] == "5511977770001"
    expect(phone.locator(".mine p")).to_have_text("Oi")
    assert "wa_id=5511977770001" in phone.url


def test_a_customer_hides_the_number_and_time_passes(phone, call, sim, last):
    phone.locator("label", has_text="Hides the number").click()
    wait_until(
        lambda: [c for c in call("GET", "/simulator/state").json["customers"] if c["hides_number"]]
    )
    phone.get_by_label("Message", exact=True).fill("Oi")
    phone.get_by_label("Message", exact=True).press("Enter")
    assert "from" not in last()

    phone.locator("#advance").click()
    expect(phone.locator("#closed")).to_be_visible()
    assert call.send().error["code"] == 131047


def test_every_code_and_every_limit_can_be_chosen(phone, call, sim):
    phone.get_by_text("Answers", exact=True).click()
    phone.get_by_label("Refuse sends with").select_option("132007")
    wait_until(lambda: call("GET", "/simulator/settings").json["refuse"] == "132007")
    assert call.send().error["code"] == 132007
    phone.get_by_role("button", name="All back to normal").click()
    expect(phone.locator("#turned")).to_have_text("None: everything works")

    phone.get_by_text("Limits", exact=True).click()
    phone.locator("label", has_text="Meta's limits count").click()
    phone.get_by_label("To one person at once").fill("1")
    phone.get_by_label("To one person at once").press("Enter")
    wait_until(lambda: call("GET", "/simulator/settings").json["pair_burst"] == 1)
    assert [call.send().status for _ in range(2)] == [200, 400]
