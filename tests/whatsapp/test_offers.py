import pytest

from tests.whatsapp.test_limits import GOOD, buttons
from whatsapp.payloads import content_reading, offers


@pytest.mark.parametrize("name", [name for name, good in GOOD.items() if good[0] == "interactive"])
def test_whatever_may_be_sent_can_be_shown(name):
    shown = content_reading.read(*GOOD[name])

    assert isinstance(shown, offers.Offer)
    assert shown.body and (shown.buttons or shown.label or shown.kind in offers.ASKS)


def test_a_list_has_its_rows():
    shown = offers.read(GOOD["list"][1])

    assert [len(section.rows) for section in shown.sections] == [4, 6]
    assert (shown.label, shown.sections[1].rows[0].title) == ("Ver", "Row 1-0")


def test_a_link_leads_to_pages_only():
    content = {**GOOD["cta_url"][1]}
    assert offers.read(content).url.startswith("https://")
    content["action"] = {"parameters": {"display_text": "x", "url": "javascript:alert(1)"}}

    assert offers.read(content).url == ""


@pytest.mark.parametrize(
    "content",
    [None, [], "x", {}, {"body": {"text": "x"}}, {"type": "button_reply", "button_reply": {}}],
)
def test_what_is_no_offer_is_none(content):
    assert offers.read(content) is None


def test_odd_shapes_are_left_out():
    content = {**buttons("a"), "action": {"buttons": [None, {"reply": 7}], "sections": {"x": 1}}}

    assert offers.read(content).buttons == ("",)
