"""What Meta refuses in messages that show products of a catalog."""

from whatsapp.simulator.bodies import Json, child, children, invalid, only, words

SECTIONS_LIMIT, ITEMS_LIMIT = 10, 30


def check_one(action: Json) -> None:
    """Raise GraphError unless it names one product of a catalog."""
    only(action, "action", "catalog_id", "product_retailer_id")
    words(action, "catalog_id", "action['catalog_id']", 100)
    words(action, "product_retailer_id", "action['product_retailer_id']", 100)


def check_list(action: Json) -> None:
    """Raise GraphError unless it names products of a catalog in sections."""
    only(action, "action", "catalog_id", "sections", "name")
    words(action, "catalog_id", "action['catalog_id']", 100)
    sections = children(action, "sections", "action['sections']", SECTIONS_LIMIT)
    count = 0
    for at, section in enumerate(sections):
        place = f"action['sections'][{at}]"
        if len(sections) > 1 or "title" in section:
            words(section, "title", f"{place}['title']", 24)
        items = children(section, "product_items", f"{place}['product_items']", ITEMS_LIMIT)
        for index, item in enumerate(items):
            name = f"{place}['product_items'][{index}]['product_retailer_id']"
            words(item, "product_retailer_id", name, 100)
        count += len(items)
    if count > ITEMS_LIMIT:
        raise invalid("action['sections']", f"must have at most {ITEMS_LIMIT} items in total")


def check_catalog(action: Json) -> None:
    """Raise GraphError unless it is the button of the whole catalog; a picture may be named."""
    only(action, "action", "name", "parameters")
    if words(action, "name", "action['name']", 100) != "catalog_message":
        raise invalid("action['name']", "must be catalog_message")
    if "parameters" in action:
        parameters = child(action, "parameters", "action['parameters']")
        only(parameters, "parameters", "thumbnail_product_retailer_id")
        name = "parameters['thumbnail_product_retailer_id']"
        words(parameters, "thumbnail_product_retailer_id", name, 100)
