"""Every template that the client's renderer makes passes here, and the phone shows its words."""

import json
from itertools import product

import pytest

from tests.whatsapp import test_rendering
from tests.whatsapp.test_rendering import BUTTONS, HEADERS, NAMED
from whatsapp import rendering
from whatsapp.simulator import fillings, template_sends
from whatsapp.simulator.templates import Catalog


@pytest.mark.parametrize(
    ("header", "body", "footer", "buttons", "form"),
    list(product(HEADERS, ["plain", "open"], ["", "Loja Acme"], BUTTONS, NAMED)),
)
def test_what_is_rendered_is_taken_and_shown_alike(header, body, footer, buttons, form):
    head, head_values, _sent, _text = test_rendering._header(header, NAMED[form])
    main, main_values, _sent, main_text = test_rendering._body(body, NAMED[form])
    defined, marks, _sent = BUTTONS[buttons]
    components = [part for part in (head, main) if part]
    components += [{"type": "FOOTER", "text": footer}] if footer else []
    components += [{"type": "BUTTONS", "buttons": defined}] if defined else []
    values = {**head_values, **main_values, **{f"button.{i}": v for i, v in marks.items()}}
    definition = rendering.parse(
        name="pedido_saiu",
        language="en",
        category="UTILITY",
        parameter_format=form,
        components=components,
    )
    catalog = Catalog()
    catalog.add("1", "pedido_saiu", "en", "UTILITY", components).parameter_format = form
    # An upload of ours becomes Meta's id on its way out.
    payload = json.loads(json.dumps(rendering.render(definition, values).payload))
    payload = json.loads(json.dumps(payload).replace('"media": 1037', '"id": 1037'))

    template = template_sends.check(catalog, "1", _with_text_ids(payload))

    filled = fillings.fill(template, payload)
    assert filled["body"]["text"] == main_text
    assert filled.get("footer", {"text": ""})["text"] == footer
    assert [button["text"] for button in filled.get("buttons", [])] == [
        button["text"] for button in defined
    ]


def _with_text_ids(payload):
    for component in payload.get("components", []):
        for parameter in component["parameters"]:
            file = parameter.get(parameter["type"])
            if isinstance(file, dict) and "id" in file:
                file["id"] = str(file["id"])
    return payload
