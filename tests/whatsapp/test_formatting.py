"""Words as a phone shows them: bold and its like, links, and nothing that could do harm."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conversations.inboxes import tags_of
from whatsapp.rendering import formatting
from whatsapp.templatetags.formatting import formatted, written_moment


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* and _italic_", "<strong>bold</strong> and <em>italic</em>"),
        ("~gone~, `code`", "<s>gone</s>, <code>code</code>"),
        ("*all _of_ it*", "<strong>all <em>of</em> it</strong>"),
        ("```two\n*lines*```", "<code>two\n*lines*</code>"),
        ("(*x*), *y*!", "(<strong>x</strong>), <strong>y</strong>!"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("* no * and *no", "* no * and *no"),
        ("*not\nover lines*", "*not\nover lines*"),
        ("**", "**"),
        ("`*plain*`", "<code>*plain*</code>"),
        ('*<b>* & _"_', "<strong>&lt;b&gt;</strong> &amp; <em>&quot;</em>"),
    ],
)
def test_marks_are_read_as_a_phone_reads_them(text, html):
    assert formatted(text) == html


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.test/b?c=1&d=2.", ["https://a.test/b?c=1&d=2"]),
        ("(http://a.test) HTTPS://B.test/x", ["http://a.test", "HTTPS://B.test/x"]),
        ("javascript:alert(1) http:// https://", []),
        ("https://a.test/<b>", ["https://a.test/"]),
        ("*https://a.test/b*", ["https://a.test/b"]),
        ("https://a.test/_b_/*c*/d", ["https://a.test/_b_/*c*/d"]),
        ("`https://a.test`", []),
    ],
)
def test_addresses_are_links_without_what_follows_them(text, links):
    found = [attributes["href"] for tag, attributes in tags_of(formatted(text)) if tag == "a"]

    assert found == links


def test_a_line_of_a_list_has_no_marks():
    text = "*Oi*, _tudo_ ~bem~ https://a.test/_x_ `ok`? 2*3"

    assert formatting.plain(text) == "Oi, tudo bem https://a.test/_x_ ok? 2*3"


@given(st.text(alphabet="ab *_~`\n<&/:.https", max_size=80))
def test_nothing_is_lost_but_marks(text):
    said = formatting.plain(text)

    assert [c for c in said if c not in "*_~`"] == [c for c in text if c not in "*_~`"]
    assert all(tag in {"strong", "em", "s", "code", "a"} for tag, _ in tags_of(formatted(text)))


@pytest.mark.parametrize("text", ["*a ", "_", "*_~`", "*a*", "```a", "http://a "])
def test_long_texts_take_no_longer_than_they_are(text):
    started = time.monotonic()
    formatting.read(text * (60_000 // len(text)))

    assert time.monotonic() - started < 2


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_moment_that_no_clock_shows_is_left_out(text):
    assert written_moment(text) == ""
