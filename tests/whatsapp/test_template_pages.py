"""The pages on which templates are made, changed and deleted."""

import pytest

from tenants import context
from tests.whatsapp.templates import BODY, WABA, template
from whatsapp.models import Job, MessageTemplate, Phone

pytestmark = pytest.mark.django_db

NEW = {
    "name": "pedido_novo",
    "language": "pt_BR",
    "category": "UTILITY",
    "body": "Olá {{1}}, seu pedido {{2}} saiu.\r\nAté já!",
    "body_examples": "Ana\r\nA-7",
    "button_1_type": "QUICK_REPLY",
    "button_1_text": "Obrigado",
}


@pytest.fixture
def known(acme, phones) -> MessageTemplate:
    with context.tenant(acme.schema_name):
        return template(components=[{**BODY, "example": {"body_text": [["Ana", "A-7"]]}}])


@pytest.fixture
def boss(page, phones):
    return page("admin@acme.test")


def jobs(tenant) -> list[tuple[str, str, dict]]:
    with context.tenant(tenant.schema_name):
        return list(Job.objects.order_by("pk").values_list("kind", "subject", "arguments"))


def test_a_template_is_handed_in(acme, boss):
    assert 'href="/templates/new"' in boss.get("/templates/").content.decode()
    assert "Button 5" in boss.get("/templates/new").content.decode()

    response = boss.post("/templates/new", NEW)

    assert (response.status_code, response["Location"]) == (302, "/templates/")
    ((kind, subject, made),) = jobs(acme)
    assert (kind, subject, made["parameter_format"]) == ("TEMPLATE_CREATE", WABA, "POSITIONAL")
    assert made["components"] == [
        {
            "type": "BODY",
            "text": "Olá {{1}}, seu pedido {{2}} saiu.\nAté já!",
            "example": {"body_text": [["Ana", "A-7"]]},
        },
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Obrigado"}]},
    ]
    shown = boss.get("/templates/").content.decode()
    assert "on its way to WhatsApp" in shown
    assert "pedido_novo" in shown and "Queued" in shown


def test_findings_stand_beside_their_fields_and_nothing_leaves(acme, boss):
    response = boss.post("/templates/new", {**NEW, "name": "Pedido Novo", "body_examples": "Ana"})

    html = response.content.decode()
    assert response.status_code == 400
    name = html.split('name="name"')[1].split('name="language"')[0]
    assert 'class="error"' in name
    examples = html.split('name="body_examples"')[1].split('name="footer"')[0]
    assert "Every variable needs an example." in examples
    assert 'value="Pedido Novo"' in html
    assert jobs(acme) == []


def test_a_preview_shows_it_filled_in_and_sends_nothing(acme, boss):
    html = boss.post("/templates/new", {**NEW, "preview": "1"}).content.decode()

    assert "Olá Ana, seu pedido A-7 saiu." in html
    assert jobs(acme) == []


def test_a_taken_name_is_told(acme, boss, known):
    response = boss.post("/templates/new", {**NEW, "name": "pedido_saiu"})

    assert response.status_code == 409
    assert "There is a template of this name" in response.content.decode()


def test_with_several_accounts_one_is_chosen(acme, boss):
    with context.tenant(acme.schema_name):
        Phone.objects.create(phone_number_id="55555", waba_id="777777", name="x")

    boss.post("/templates/new", {**NEW, "account": "777777"})

    assert [subject for _, subject, _ in jobs(acme)] == ["777777"]
    assert boss.post("/templates/new", {**NEW, "account": "1"}).status_code == 400


def test_the_parts_of_a_template_are_replaced(acme, boss, known):
    address = f"/templates/{known.pk}/edit"
    assert "seu pedido {{2}} saiu." in boss.get(address).content.decode()

    words = {"body": "Oi {{1}}, chegou!", "body_examples": "Ana", "name": "other"}
    assert boss.post(address, words)["Location"] == "/templates/"

    ((kind, _, made),) = jobs(acme)
    assert (kind, made["name"], made["template_id"]) == ("TEMPLATE_EDIT", "pedido_saiu", "700")
    assert made["changes"]["components"][0]["text"] == "Oi {{1}}, chegou!"
    assert boss.post(address, {"body": ""}).status_code == 400


def test_what_the_form_does_not_know_is_left_to_the_api(acme, boss):
    with context.tenant(acme.schema_name):
        photo = template("a", components=[{"type": "HEADER", "format": "IMAGE"}, BODY])
        waiting = template("b", status="PENDING")

    assert "edit it by the API" in boss.get(f"/templates/{photo.pk}/edit").content.decode()
    boss.post(f"/templates/{photo.pk}/edit", NEW)
    boss.post(f"/templates/{waiting.pk}/edit", NEW)
    assert jobs(acme) == []


def test_a_deletion_shows_what_goes_first(acme, boss, known):
    with context.tenant(acme.schema_name):
        template(language="en", template_id="701")
    address = f"/templates/{known.pk}/delete"

    html = boss.get(address).content.decode()
    assert "Only pt_BR" in html and "Every language of this name: en, pt_BR" in html
    assert jobs(acme) == []

    for languages in ("own", "all"):
        assert boss.post(address, {"languages": languages})["Location"] == "/templates/"
    assert [(one["template_id"], one["languages"]) for _, _, one in jobs(acme)] == [
        ("700", ["pt_BR"]),
        ("", ["en", "pt_BR"]),
    ]
    assert boss.post(address, {"languages": "x"}).status_code == 400


def test_a_name_of_one_language_offers_no_more(boss, known):
    assert "Every language" not in boss.get(f"/templates/{known.pk}/delete").content.decode()


@pytest.mark.parametrize("path", ["new", "{}/edit", "{}/delete"])
def test_the_pages_are_for_the_tenants_admins(acme, page, known, path):
    address = f"/templates/{path.format(known.pk)}"

    for name in ("ana", "vera"):
        browser = page(f"{name}@acme.test")
        assert browser.get(address).status_code == 403
        assert browser.post(address, {**NEW, "languages": "all"}).status_code == 403
        assert address not in browser.get("/templates/").content.decode()
    foreign = page("admin@globex.test").post(address, {**NEW, "languages": "all"})
    assert foreign.status_code == (302 if path == "new" else 404)
    assert jobs(acme) == []
