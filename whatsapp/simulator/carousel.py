"""What Meta refuses in a row of cards."""

from whatsapp.simulator import media_bodies
from whatsapp.simulator.bodies import Json, child, children, invalid, link, missing, only, words

FEWEST, MOST = 2, 10
BODY_LIMIT, LINE_BREAKS = 160, 2


def check(action: Json) -> None:
    """Raise GraphError unless there are cards of one kind, each with a picture and a button."""
    only(action, "action", "cards")
    cards = children(action, "cards", "action['cards']", MOST)
    if len(cards) < FEWEST:
        raise invalid("action['cards']", f"must have at least {FEWEST} items")
    kinds = [_check_card(card, at) for at, card in enumerate(cards)]
    if len(set(kinds)) > 1:
        raise invalid("action['cards']", "must all have the same header and button types")


def _check_card(card: Json, at: int) -> tuple[str, str]:
    place = f"action['cards'][{at}]"
    only(card, place, "card_index", "type", "header", "body", "action")
    index = card.get("card_index")
    if index is None:
        raise missing(f"{place}['card_index']")
    if isinstance(index, bool) or index != at:
        raise invalid(f"{place}['card_index']", f"must be {at}")
    kind = card.get("type")
    if kind not in {"cta_url", "button"}:
        raise invalid(f"{place}['type']", "must be one of {cta_url, button}")
    header = child(card, "header", f"{place}['header']")
    shown = header.get("type")
    if shown not in {"image", "video"}:
        raise invalid(f"{place}['header']['type']", "must be one of {image, video}")
    file = child(header, shown, f"{place}['header']['{shown}']")
    media_bodies.check(shown, file, f"{place}['header']['{shown}']")
    if "body" in card:
        text = words(
            child(card, "body", f"{place}['body']"), "text", f"{place}['body']", BODY_LIMIT
        )
        if text.count("\n") > LINE_BREAKS:
            raise invalid(f"{place}['body']['text']", f"has more than {LINE_BREAKS} line breaks")
    _check_action(kind, child(card, "action", f"{place}['action']"), place)
    return kind, shown


def _check_action(kind: str, action: Json, place: str) -> None:
    if kind == "cta_url":
        if action.get("name") != "cta_url":
            raise invalid(f"{place}['action']['name']", "must be cta_url")
        link(child(action, "parameters", f"{place}['action']['parameters']"))
        return
    for button in children(action, "buttons", f"{place}['action']['buttons']", 2):
        reply = child(button, "quick_reply", f"{place}['action']['buttons']['quick_reply']")
        words(reply, "id", f"{place}['quick_reply']['id']", 256)
        words(reply, "title", f"{place}['quick_reply']['title']", 20)
