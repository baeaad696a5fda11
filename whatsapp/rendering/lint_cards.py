"""What Meta would refuse of a carousel, and of an offer of limited time."""

from collections.abc import Iterator

from whatsapp.rendering import lint_buttons, lint_words
from whatsapp.rendering.lint_words import Json, Place, items_of, text_of
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

CARDS_MIN, CARDS_MAX = 2, 10
CARD_MAX_CHARACTERS = 160
CARD_BUTTONS_MAX = 2
CARD_HEADERS = ("IMAGE", "VIDEO", "PRODUCT")
OFFER_MAX_CHARACTERS = 16


def carousel(component: Json, here: Place, *, is_named: bool) -> Iterator[Problem]:
    """Look at each card, and that all of them are built alike."""
    cards, place = items_of(component.get("cards")), (*here, "cards")
    if not CARDS_MIN <= len(cards) <= CARDS_MAX or not all(isinstance(one, dict) for one in cards):
        sentence = _("%(min)d to %(max)d cards are needed.")
        yield Problem(place, "invalid", sentence, {"min": CARDS_MIN, "max": CARDS_MAX})
        return
    shapes = [_shape(card) for card in cards]
    for index, (card, shape) in enumerate(zip(cards, shapes, strict=True)):
        yield from _card(card, (*place, str(index)), is_named=is_named)
        if shape != shapes[0]:
            sentence = _("Every card needs the same parts and buttons as the first one.")
            yield Problem((*place, str(index)), "invalid", sentence)


def offer(component: Json, here: Place) -> Iterator[Problem]:
    """Look at the words of the offer."""
    place = (*here, "limited_time_offer")
    terms = component.get("limited_time_offer")
    text = text_of(terms.get("text")) if isinstance(terms, dict) else ""
    if not 0 < len(text.strip()) <= len(text) <= OFFER_MAX_CHARACTERS:
        sentence = _("A label of %(max)d characters at most is needed.")
        yield Problem((*place, "text"), "invalid", sentence, {"max": OFFER_MAX_CHARACTERS})


def _card(card: Json, here: Place, *, is_named: bool) -> Iterator[Problem]:
    place = (*here, "components")
    if not {"HEADER", "BUTTONS"} <= {_kind(part) for part in _parts(card)}:
        yield Problem(place, "required", _("A card needs a header and a button."))
    for index, part in enumerate(_parts(card)):
        at, kind = (*place, str(index)), _kind(part)
        if kind == "HEADER" and text_of(part.get("format")).upper() not in CARD_HEADERS:
            known = {"known": ", ".join(CARD_HEADERS)}
            yield Problem((*at, "format"), "invalid", _("One of %(known)s."), known)
        elif kind == "HEADER":
            yield from lint_words.header(part, at, is_named=is_named)
        elif kind == "BODY":
            yield from lint_words.body(part, at, is_named=is_named, most=CARD_MAX_CHARACTERS)
        elif kind == "BUTTONS":
            yield from lint_buttons.buttons(part, at, most=CARD_BUTTONS_MAX)
        else:
            yield Problem((*at, "type"), "invalid", _("An unknown part, or one twice."))


def _shape(card: Json) -> list[str]:
    """Return the kinds of a card's parts and buttons."""
    found: list[str] = []
    for part in _parts(card):
        buttons = items_of(part.get("buttons"))
        found += [_kind(part), text_of(part.get("format")).upper()]
        found += [_kind(button) for button in buttons if isinstance(button, dict)]
    return found


def _parts(card: Json) -> list[Json]:
    return [part for part in items_of(card.get("components")) if isinstance(part, dict)]


def _kind(part: Json) -> str:
    return text_of(part.get("type")).upper()
