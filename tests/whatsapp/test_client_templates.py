"""The calls about templates: paging by cursors, and what comes of odd answers."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from tests.whatsapp.raw_meta import refused
from whatsapp import errors
from whatsapp.client import CloudApiClient
from whatsapp.client.templates import Created, Templates

TOKEN = "EAAsecrettoken123"
URL = "https://graph.test/v25.0/102/message_templates"


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def templates() -> Templates:
    return Templates(CloudApiClient("https://graph.test", "v25.0", TOKEN), "102")


def page(names: str, *, after: str = "c", more: bool = False, **extra) -> dict:
    paging = {"cursors": {"before": "b", "after": after}}
    if more:
        paging["next"] = f"{URL}?access_token={TOKEN}&after={after}"
    data = [{"id": f"9{name}", "name": name, "language": "pt_BR"} for name in names]
    return {"data": data, "paging": paging, **extra}


def _query(call) -> dict:
    return {key: value[0] for key, value in parse_qs(urlsplit(call.request.url).query).items()}


def test_the_list_is_read_by_cursors_and_its_next_address_is_not_used(meta, templates):
    meta.get(URL, json=page("ab", after="one", more=True, summary={"total_count": 3}))
    meta.get(URL, json=page("c", after="two"))

    found = list(templates.pages())

    assert [[one.name for one in part.templates] for part in found] == [["a", "b"], ["c"]]
    assert [part.total for part in found] == [3, None]
    assert [_query(call).get("after") for call in meta.calls] == [None, "one"]
    for call in meta.calls:
        assert TOKEN not in call.request.url
        assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_list_that_turns_in_circles_ends(meta, templates):
    meta.get(URL, json=page("a", after="same", more=True))

    assert len(list(templates.pages())) == 2


def test_everything_that_is_listed_is_read(meta, templates):
    full = {
        "id": "594425479261596",
        "name": "pedido",
        "language": "pt_BR",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Oi"}],
        "parameter_format": "NAMED",
        "quality_score": {"score": "GREEN", "date": 1700000000},
        "rejected_reason": "NONE",
    }
    odd = [None, 3, {}, {"name": "x"}, {"name": 1, "language": "pt"}]
    bare = {"name": "y", "language": "pt", "components": 3, "quality_score": "GREEN"}
    meta.get(URL, json={"data": [full, *odd, bare]})

    first, second = next(templates.pages()).templates

    assert (first.template_id, first.status, first.quality) == (
        "594425479261596",
        "APPROVED",
        "GREEN",
    )
    assert (first.category, first.parameter_format, first.reason) == ("UTILITY", "NAMED", "")
    assert (second.components, second.quality, second.status) == ([], "", "")


def test_create_edit_and_delete(meta, templates):
    meta.post(URL, json={"id": "7", "status": "pending", "category": "MARKETING"})
    meta.post("https://graph.test/v25.0/7", json={"success": True})
    meta.delete(URL, json={"success": True})

    assert templates.create({"name": "olá"}) == Created("7", "PENDING", "MARKETING")
    templates.edit("7", {"components": []})
    templates.delete(name="x", template_id="7")
    templates.delete(name="x")

    assert json.loads(meta.calls[0].request.body) == {"name": "olá"}
    assert json.loads(meta.calls[1].request.body) == {"components": []}
    assert _query(meta.calls[2]) == {"name": "x", "hsm_id": "7"}
    assert _query(meta.calls[3]) == {"name": "x"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": refused(190), "status": 401}, errors.TokenError),
        ({"json": refused(80007), "status": 400}, errors.NotSentError),
        ({"json": refused(100), "status": 400}, errors.RefusedError),
        ({"json": refused(100), "status": 200}, errors.RefusedError),
        ({"body": "<html>", "status": 500}, errors.MaybeSentError),
        ({"body": "<html>", "status": 200}, errors.MaybeSentError),
        ({"body": ConnectionResetError()}, errors.MaybeSentError),
    ],
)
def test_refusals_say_what_they_are(meta, templates, answer, kind):
    meta.get(URL, **answer)

    with pytest.raises(kind) as raised:
        list(templates.pages())

    assert TOKEN not in repr(raised.value)


def test_metas_words_for_people_are_kept(meta, templates):
    error = {"code": 100, "error_subcode": 2388024, "message": "Invalid parameter"}
    error["error_user_msg"] = "Já existe conteúdo neste idioma."
    meta.post(URL, json={"error": error}, status=400)

    with pytest.raises(errors.RefusedError, match="Já existe"):
        templates.create({})
