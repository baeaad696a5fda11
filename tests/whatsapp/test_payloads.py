"""Every part of every body becomes a unit, whatever it looks like."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import library
from tests.conversations.events import body, change, contact, status, text
from whatsapp import payloads
from whatsapp.payloads import (
    AccountEvent,
    InboundMessage,
    MessageMark,
    StatusUpdate,
    Unreadable,
)
from whatsapp.payloads.pricing import Pricing, pricing_of

NOW = datetime(2026, 11, 10, 12, 0, 5, tzinfo=UTC)


def parse(raw: bytes) -> list[payloads.Unit]:
    return payloads.parse(raw, received_at=NOW)


def named(unit: payloads.Unit) -> str:
    match unit:
        case InboundMessage():
            return f"echo {unit.type}" if unit.is_echo else unit.type
        case MessageMark():
            return f"echo mark {unit.kind}" if unit.is_echo else f"mark {unit.kind}"
        case StatusUpdate():
            return unit.status
        case AccountEvent():
            return f"event {unit.field}"
        case Unreadable():
            return f"unreadable {unit.error}"


def only(*parts, **more):
    (unit,) = parse(body(change(*parts, **more)))
    return unit


@pytest.mark.parametrize("name", sorted(library.CASES))
def test_a_body_of_the_library_has_its_units(name):
    units = parse(library.body_of(name))

    assert [named(unit) for unit in units] == library.CASES[name]["units"]
    assert [unit.index for unit in units] == list(range(len(units)))


def test_a_text_message_is_read_whole():
    (unit,) = parse(library.body_of("text_reply_from_ad"))

    assert (unit.phone_number_id, unit.waba_id) == ("106540352242922", "102290129340398")
    assert unit.text == "Hi, is this still on?"
    assert unit.content == {"body": unit.text}
    assert set(unit.extras) == {"context", "referral"}
    assert unit.timestamp == datetime.fromtimestamp(1749416385, UTC)
    assert unit.sender == payloads.Sender("16505551234", "", "", "Sheena Nelson")


def test_a_sender_without_a_number_is_known_by_user_ids():
    (unit,) = parse(library.body_of("text_of_a_username"))

    sender = ("", "US.13491208655302741918", "US.ENT.11815799212886844830", "Pablo")
    assert unit.sender == payloads.Sender(*sender)


def test_a_user_id_in_the_place_of_the_number_is_no_number():
    unit = only(messages=[text("wamid.1", wa_id="BR.1349120865530274")])

    assert (unit.sender.wa_id, unit.sender.user_id) == ("", "BR.1349120865530274")


def test_contacts_are_joined_by_their_ids_and_not_by_their_places():
    ana, bia = contact("5511911111111", "Ana"), contact("5511922222222", "Bia")
    units = parse(
        body(
            change(
                contacts=[bia, ana],
                messages=[
                    text("wamid.a", wa_id="5511911111111"),
                    text("wamid.b", wa_id="5511922222222"),
                    text("wamid.c", wa_id="5511933333333"),
                ],
            )
        )
    )

    assert [unit.sender.profile_name for unit in units] == ["Ana", "Bia", ""]


@pytest.mark.parametrize(
    "name", ["parent_recipient_user_id", "parent_user_id", "recipient_parent_user_id"]
)
def test_whom_a_status_is_about_is_read_under_every_name(name):
    more = {"recipient_user_id": "US.1", name: "US.ENT.9"}
    unit = only(statuses=[status("wamid.1", "sent", **more)])

    assert unit.recipient == payloads.Sender("5511988887777", "US.1", "US.ENT.9", "")


def test_a_status_s_contact_completes_whom_it_is_about():
    card = contact(user_id="US.1", parent_user_id="US.ENT.9")
    unit = only(statuses=[status("wamid.1", "read")], contacts=[card])

    assert unit.recipient == payloads.Sender("5511988887777", "US.1", "US.ENT.9", "Ana")


@pytest.mark.parametrize("odd", [None, 5, [], {}, {"recipient_id": ["x"]}], ids=repr)
def test_a_status_about_nobody_is_a_status(odd):
    unit = only(statuses=[{**status("wamid.1", "sent"), "recipient_id": odd}], contacts=odd)

    assert unit.status == "SENT"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (
            {
                "billable": True,
                "pricing_model": "PMP",
                "type": "regular",
                "category": "authentication-international",
            },
            ("authentication_international", "regular", "PMP"),
        ),
        (
            {"pricing_model": "PMP", "category": "authentication_international"},
            ("authentication_international", "", "PMP"),
        ),
        (
            {"billable": False, "pricing_model": "CBP", "category": "referral_conversion"},
            ("referral_conversion", "", "CBP"),
        ),
        ({"category": "GROUP_marketing", "type": "X" * 99}, ("group_marketing", "x" * 40, "")),
        ({"category": 5, "type": None, "pricing_model": ["PMP"]}, ("5", "", "")),
        ("PMP", ("", "", "")),
        (None, ("", "", "")),
    ],
    ids=repr,
)
def test_what_a_message_costs_is_in_one_spelling(raw, words):
    assert pricing_of(raw) == Pricing(*words)


def test_a_code_may_be_written_as_text():
    unit = only(statuses=[status("wamid.1", "failed", errors=[{"code": "131049"}])])

    assert unit.error_code == 131049


def test_the_words_of_an_error_may_stand_in_the_place_of_its_data():
    error = {"code": 131026, "title": "No", "error_data": "Receiver is incapable"}
    unit = only(statuses=[status("wamid.1", "failed", errors=[error])])

    assert (unit.error_code, unit.error_detail) == (131026, "Receiver is incapable")


def test_a_failed_status_has_its_code_and_words():
    (unit,) = parse(library.body_of("status_failed"))

    assert unit.error_code == 131049
    assert unit.error_detail.startswith("In order to maintain")


@pytest.mark.parametrize(
    "errors",
    [[], None, "no", ["no"], [{}], [{"code": "13x"}], [{"code": True}], [{"code": 2**40}]],
    ids=repr,
)
def test_errors_of_another_shape_are_no_code(errors):
    unit = only(statuses=[status("wamid.1", "failed", errors=errors)])

    assert (unit.error_code, unit.error_detail) == (None, "")


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("1749416383", 1749416383),
        (1749416383, 1749416383),
        ("1749416383000", 1749416383),
        (1749416383500, 1749416383.5),
        (1749416383.0, 1749416383),
        ("abc", None),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
        ({}, None),
        (-1, None),
        (0, None),
        ("1", None),
        (10**30, None),
        ("9" * 5000, None),
        ("nan", None),
        ("inf", None),
        (1e300, None),
        (int(NOW.timestamp()) + 3600, int(NOW.timestamp()) + 3600),
        (int(NOW.timestamp()) + 200_000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_times_are_seconds_or_milliseconds_or_when_it_came(raw, seconds):
    unit = only(messages=[{**text("wamid.1"), "timestamp": raw}])

    expected = NOW if seconds is None else datetime.fromtimestamp(seconds, UTC)
    assert unit.timestamp == expected


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "JSONDecodeError"),
        (b"not json", "JSONDecodeError"),
        (b"\xff\xfe\x00", "JSONDecodeError"),
        (b"[" * 100_000, "RecursionError"),
        (b'{"entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "RecursionError"),
        (b"[]", "NoEntries"),
        (b"null", "NoEntries"),
        (b"1", "NoEntries"),
        (b"{}", "NoEntries"),
        (b'{"entry":{}}', "NoEntries"),
        (b'{"entry":[1]}', "EntryShape"),
        (b'{"entry":[{}]}', "ChangesShape"),
        (b'{"entry":[{"changes":{}}]}', "ChangesShape"),
        (b'{"entry":[{"changes":[null]}]}', "ChangeShape"),
        (b'{"entry":[{"changes":[{"field":"messages"}]}]}', "ChangeShape"),
        (b'{"entry":[{"changes":[{"field":"messages","value":[]}]}]}', "ChangeShape"),
        (b'{"entry":[{"changes":[{"field":"messages","value":{}}]}]}', "NoPhoneNumberId"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_body_is_one_unreadable_unit(raw, error):
    (unit,) = parse(raw)

    assert named(unit) == f"unreadable {error}"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("oi", "MessageShape"),
        (None, "MessageShape"),
        ({}, "MessageId"),
        ({"id": ""}, "MessageId"),
        ({"id": "w" * 201}, "MessageId"),
        ({"id": ["wamid.1"]}, "MessageId"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_one_bad_message_does_not_hide_the_next(message, error):
    bad, good = parse(body(change(messages=[message, text("wamid.2")])))

    assert named(bad) == f"unreadable {error}"
    assert (bad.field, bad.phone_number_id) == ("messages", "106540352242922")
    assert good.wamid == "wamid.2"


def test_nobody_s_message_is_kept_as_an_event():
    unit = only(messages=[{"id": "wamid.1", "type": "system", "system": {"body": "?"}}])

    assert named(unit) == "event messages"
    assert unit.value["messages"][0]["id"] == "wamid.1"


def test_a_message_without_a_number_reaches_no_one():
    (unit,) = parse(body({"field": "messages", "value": {"messages": [text("wamid.1")]}}))

    assert unit.phone_number_id == ""


@pytest.mark.parametrize(
    "raw",
    [r"a\u0000b", r"a\ud83d", r"\ude00a", r"\ud83d\ud83d\ude00", "a\x00b", "a\x0bb"],
    ids=ascii,
)
def test_what_postgres_cannot_hold_is_replaced_everywhere(raw):
    document = body(change(contacts=[contact(name="@")], messages=[text("wamid.1", body="@")]))

    (unit,) = parse(document.replace(b'"@"', f'"{raw}"'.encode()))

    for value in (unit.text, unit.sender.profile_name, json.dumps(unit.content)):
        assert "\x00" not in value
        assert "\\u0000" not in value
        value.encode()  # no lone surrogate
    assert "\ufffd" in unit.text or "\x0b" in unit.text


def test_emoji_in_escapes_stay_what_they_are():
    assert only(messages=[text("wamid.1", body="Olá 😀👍🏽")]).text == "Olá 😀👍🏽"


@pytest.mark.parametrize(
    "encoded",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: raw.decode().encode("utf-16-be"),
        lambda raw: raw.decode().encode("utf-32"),
        lambda raw: raw.replace(b'"oi"', b'"\xff\xfe"'),
        lambda raw: raw.replace(b'"oi"', b'"\xed\xa0\xbd"'),
    ],
    ids=["bom", "utf-16", "utf-16-be", "utf-32", "invalid", "surrogate"],
)
def test_other_encodings_are_read(encoded):
    (unit,) = parse(encoded(body(change(messages=[text("wamid.1")]))))

    assert unit.wamid == "wamid.1"
    unit.text.encode()


@pytest.mark.parametrize(
    "odd", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "1" * 4000], ids=lambda v: v[:9]
)
def test_odd_numbers_stay_in_the_content_as_something_that_postgres_can_hold(odd):
    document = body(change(messages=[text("wamid.1", extra="@"), text("wamid.2")]))

    first, second = parse(document.replace(b'"@"', odd.encode()))

    json.dumps(first.extras, allow_nan=False)
    assert second.wamid == "wamid.2"


def test_of_duplicate_keys_the_last_counts():
    document = body(change(messages=[text("wamid.1")]))

    (unit,) = parse(document.replace(b'"id":"wamid.1"', b'"id":"wamid.0","id":"wamid.1"'))

    assert unit.wamid == "wamid.1"


WORDS = (
    "entry changes field value messages statuses errors contacts metadata id from type text body "
    "timestamp status profile name wa_id"
)
KEYS = st.text(max_size=3) | st.sampled_from(WORDS.split())


@pytest.mark.parametrize(
    "raw",
    [
        b'{"entry":[{"changes":[' + b",".join([b"1"] * 30_000) + b"]}]}",
        b'{"entry":[' + b",".join([b"1"] * 30_000) + b"]}",
        body(change(messages=[1] * 30_000)),
    ],
    ids=["changes", "entries", "messages"],
)
def test_what_is_beyond_any_real_body_is_one_unit(raw):
    units = parse(raw)

    assert len(units) == 20_001
    assert named(units[-1]) == "unreadable TooManyUnits"
    assert [unit.index for unit in units] == list(range(len(units)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read_without_an_error(document):
    for wrapped in (document, {"entry": document}, {"entry": [{"changes": document}]}):
        units = parse(json.dumps(wrapped).encode())
        assert [unit.index for unit in units] == list(range(len(units)))


@given(JSON)
def test_any_value_of_messages_is_read_without_an_error(value):
    for key in ("messages", "statuses", "contacts", "errors", "metadata"):
        document = change(messages=[text("wamid.1")])
        document["value"][key] = value
        assert parse(body(document))


@given(st.binary())
def test_any_bytes_are_read_without_an_error(raw):
    assert parse(raw)
