"""What Meta refuses in the objects of texts, places, contacts and reactions, and in quotes."""

from typing import Any

from whatsapp.simulator.errors import GraphError

TEXT_LIMIT = 4096
CONTACTS_LIMIT = 257
_CARD_PARTS = ("phones", "emails", "urls", "addresses", "org", "birthday")
Json = dict[str, Any]


def missing(name: str) -> GraphError:
    """A required parameter that is not there, or is empty."""
    return GraphError(131008, details=f"Parameter '{name}' is required.")


def invalid(name: str, why: str) -> GraphError:
    """A parameter with a value that is not taken."""
    return GraphError(131009, details=f"Parameter '{name}' {why}.")


def words(value: Json, key: str, name: str, limit: int) -> str:
    """Return a text that has to be there. Raises: GraphError."""
    text = value.get(key)
    if text is None or text == "":
        raise missing(name)
    if not isinstance(text, str) or not text.strip():
        raise invalid(name, "must be a text that is not blank")
    if len(text) > limit:
        raise invalid(name, f"must be at most {limit} characters long")
    return text


def child(value: Json, key: str, name: str) -> Json:
    """Return an object that has to be there. Raises: GraphError."""
    found = value.get(key)
    if found is None:
        raise missing(name)
    if not isinstance(found, dict):
        raise invalid(name, "must be an object")
    return found


def children(value: Json, key: str, name: str, most: int) -> list[Any]:
    """Return a list of one to ``most`` objects. Raises: GraphError."""
    found = value.get(key)
    if found is None or found == []:
        raise missing(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise invalid(name, "must be a list of objects")
    if len(found) > most:
        raise invalid(name, f"must have at most {most} items")
    return found


def link(parameters: Json) -> None:
    """Raise GraphError for a button that opens no web page."""
    words(parameters, "display_text", "parameters['display_text']", 20)
    url = words(parameters, "url", "parameters['url']", 2000)
    if not url.lower().startswith(("https://", "http://")):
        raise invalid("parameters['url']", "must be a URL")


def only(value: Json, name: str, *allowed: str) -> None:
    """Raise GraphError for a key that Meta does not know at this place."""
    for key in value:
        if key not in allowed:
            raise GraphError(100, message=f'(#100) Unexpected key "{key}" on param "{name}".')


def check_text(content: Json) -> None:
    """Raise GraphError for what no text message may be."""
    only(content, "text", "body", "preview_url")
    text = content.get("body")
    if not isinstance(text, str) or not text.strip():
        raise GraphError(100, message="(#100) The parameter text['body'] is required.")
    if len(text) > TEXT_LIMIT:
        raise GraphError(
            100,
            message=f"(#100) Param text['body'] must be at most {TEXT_LIMIT} characters long.",
        )
    if not isinstance(content.get("preview_url", False), bool):
        raise GraphError(100, message="(#100) Param text['preview_url'] must be a boolean.")


def check_location(content: Json) -> None:
    """Raise GraphError for a place that is nowhere on earth."""
    only(content, "location", "latitude", "longitude", "name", "address")
    for key, most in (("latitude", 90), ("longitude", 180)):
        name = f"location['{key}']"
        if content.get(key) in (None, ""):
            raise missing(name)
        try:
            degrees = float(content[key])
        except (TypeError, ValueError, OverflowError):
            raise invalid(name, "must be a number") from None
        if isinstance(content[key], bool) or not -most <= degrees <= most:
            raise invalid(name, f"must be between -{most} and {most}")
    for key in ("name", "address"):
        if key in content:
            words(content, key, f"location['{key}']", 1000)


def check_contacts(cards: list[Any]) -> None:
    """Raise GraphError for cards that no phone could show."""
    if len(cards) > CONTACTS_LIMIT:
        raise invalid("contacts", f"must have at most {CONTACTS_LIMIT} items")
    for index, card in enumerate(cards):
        place = f"contacts[{index}]"
        if not isinstance(card, dict):
            raise invalid(place, "must be an object")
        only(card, place, "name", *_CARD_PARTS)
        name = child(card, "name", f"{place}['name']")
        words(name, "formatted_name", f"{place}['name']['formatted_name']", 1000)
        parts = ("first_name", "last_name", "middle_name", "suffix", "prefix")
        if not any(name.get(part) for part in parts):
            raise missing(f"{place}['name']['first_name']")
        for key, inner in (("phones", "phone"), ("emails", "email"), ("urls", "url")):
            for entry in card.get(key, []):
                if not isinstance(entry, dict) or not entry.get(inner):
                    raise missing(f"{place}['{key}']['{inner}']")


def check_reaction(content: Json) -> None:
    """Raise GraphError for what is no reaction to a message."""
    only(content, "reaction", "message_id", "emoji")
    wamid = words(content, "message_id", "reaction['message_id']", 200)
    if not wamid.startswith("wamid."):
        raise invalid("reaction['message_id']", "must be the id of a message")
    if "emoji" not in content:
        raise missing("reaction['emoji']")
    emoji = content["emoji"]
    if not isinstance(emoji, str) or len(emoji) > 40 or any(c.isalpha() for c in emoji):
        raise invalid("reaction['emoji']", "must be an emoji")


def quoted(body: Json, kind: str) -> str:
    """Return the id that a send quotes, "" if none. Raises: GraphError."""
    context = body.get("context")
    if context is None:
        return ""
    if kind == "reaction":
        raise GraphError(100, message="(#100) Param context is not allowed for reactions.")
    if not isinstance(context, dict):
        raise GraphError(100, message="(#100) Param context must be a JSON object.")
    wamid = words(context, "message_id", "context['message_id']", 200)
    if not wamid.startswith("wamid."):
        raise invalid("context['message_id']", "must be the id of a message")
    return wamid
