"""WhatsApp's own way to set words in bold and so on, read as a phone reads it.

Linear in the text's length, whatever it is: everything here was written by strangers.
Source: faq.whatsapp.com/539178204879377, read 2026-11.
"""

import re
from dataclasses import dataclass

from whatsapp.payloads import content_reading

# Where punctuation ends a sentence and not the address.
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?)]}*_~`'\u2019\u201d"
_BLOCK = re.compile(r"```(.+?)```", re.DOTALL)
_MARKS = {"*": "bold", "_": "italic", "~": "strike", "`": "code"}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: plain, a link or code (no ``inner``), or bold, italic or struck out."""

    kind: str
    text: str = ""
    inner: tuple["Span", ...] = ()


def read(text: str) -> tuple[Span, ...]:
    """Divide a text into spans; a mark without its other half stays a character."""
    spans: list[Span] = []
    end = 0
    for block in _BLOCK.finditer(text):
        spans += _words(text[end : block.start()])
        spans.append(Span("code", block[1]))
        end = block.end()
    return (*spans, *_words(text[end:]))


def plain(text: str) -> str:
    """Return the words without their marks."""
    return _plain(read(text))


def _plain(spans: tuple[Span, ...]) -> str:
    return "".join(span.text + _plain(span.inner) for span in spans)


def _words(text: str) -> list[Span]:
    links = _links(text)
    inside = {at for start, address in links for at in range(start, start + len(address))}
    return _between(_Words(text, dict(links), _pairs(text, inside)), 0, len(text))


@dataclass(frozen=True, slots=True)
class _Words:
    """A text without blocks of code, where its links begin, and where each mark's half is."""

    text: str
    links: dict[int, str]
    pairs: dict[int, int]


def _links(text: str) -> list[tuple[int, str]]:
    found = ((link.start(), link[0].rstrip(_AFTER_LINK)) for link in _LINK.finditer(text))
    return [(at, address) for at, address in found if content_reading.web_address(address)]


def _pairs(text: str, inside: set[int]) -> dict[int, int]:
    """Return the place of the closing half by that of the opening one: both on one line."""
    pairs: dict[int, int] = {}
    closing: dict[str, int] = {}
    for at in range(len(text) - 1, -1, -1):
        sign = text[at]
        if sign == "\n":
            closing.clear()
        if sign not in _MARKS or at in inside:
            continue
        end = closing.get(sign, 0)
        if end > at + 1 and _opens(text, at):
            pairs[at] = end
        if _closes(text, at):
            closing[sign] = at
    return pairs


def _opens(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return not before.isalnum() and before != text[at] and not after.isspace()


def _closes(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return before != "" and not before.isspace() and not after.isalnum()


def _between(words: _Words, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    plain = at = start
    while at < end:
        close, address = words.pairs.get(at, end), words.links.get(at, "")
        if close < end:
            found, after = _marked(words, at, close), close + 1
        elif address and at + len(address) <= end:
            found, after = Span("link", address), at + len(address)
        else:
            at += 1
            continue
        spans += [Span("plain", words.text[plain:at])] if plain < at else []
        spans.append(found)
        plain = at = after
    return [*spans, Span("plain", words.text[plain:end])] if plain < end else spans


def _marked(words: _Words, at: int, close: int) -> Span:
    kind = _MARKS[words.text[at]]
    if kind == "code":
        return Span(kind, words.text[at + 1 : close])
    return Span(kind, inner=tuple(_between(words, at + 1, close)))
