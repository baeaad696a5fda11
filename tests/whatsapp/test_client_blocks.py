"""The calls about who is blocked: partial failures, pages, and what comes of odd answers."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from tests.whatsapp.raw_meta import refused
from whatsapp import errors
from whatsapp.client import CloudApiClient
from whatsapp.client.blocks import Blocks, Person

TOKEN = "EAAsecrettoken123"
URL = "https://graph.test/v25.0/106/block_users"
MARIA = Person("5511987654321", "")


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def blocks() -> Blocks:
    return Blocks(CloudApiClient("https://graph.test", "v25.0", TOKEN), "106")


def told(**users) -> dict:
    return {"messaging_product": "whatsapp", "block_users": users}


def test_somebody_is_blocked_and_unblocked_with_a_body(meta, blocks):
    done = [{"input": "+5511987654321", "wa_id": "551187654321"}]
    meta.post(URL, json=told(added_users=done))
    meta.delete(URL, json=told(removed_users=done))

    assert blocks.add(MARIA) == Person("551187654321", "")
    assert blocks.remove(MARIA) == Person("551187654321", "")

    wanted = {"messaging_product": "whatsapp", "block_users": [{"user": "+5511987654321"}]}
    assert [json.loads(call.request.body) for call in meta.calls] == [wanted, wanted]


def test_who_has_no_number_is_named_by_user_id(meta, blocks):
    meta.post(URL, json=told(added_users=[{"input": "BR.1"}]))

    assert blocks.add(Person("", "BR.1")) == Person("", "BR.1")
    assert json.loads(meta.calls[0].request.body)["block_users"] == [{"user_id": "BR.1"}]


@pytest.mark.parametrize("status", [200, 400])
def test_what_is_said_of_the_person_counts_more_than_of_the_whole(meta, blocks, status):
    failed = {
        "input": "+5511987654321",
        "errors": [{"code": 131047, "message": "m", "error_data": {"details": "Not in 24 h"}}],
    }
    answer = told(added_users=[], failed_users=[failed])
    meta.post(URL, json={**answer, **refused(139100)}, status=status)

    with pytest.raises(errors.RefusedError) as raised:
        blocks.add(MARIA)

    assert (raised.value.code, raised.value.detail) == (131047, "Not in 24 h")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": refused(139100), "status": 400}, errors.RefusedError),
        ({"json": refused(139101), "status": 400}, errors.RefusedError),
        ({"json": refused(139102), "status": 400}, errors.NotSentError),
        ({"json": refused(139103), "status": 400}, errors.NotSentError),
        ({"json": refused(190), "status": 401}, errors.TokenError),
        ({"json": told(added_users=[]), "status": 200}, errors.MaybeSentError),
        ({"json": told(failed_users=[{"errors": "x"}]), "status": 400}, errors.RefusedError),
        ({"json": [], "status": 200}, errors.MaybeSentError),
        ({"body": "<html>", "status": 500}, errors.MaybeSentError),
    ],
)
def test_refusals_say_what_they_are(meta, blocks, answer, kind):
    meta.post(URL, **answer)

    with pytest.raises(kind):
        blocks.add(MARIA)


def test_the_list_is_read_by_cursors(meta, blocks):
    def page(*wa_ids: str, after: str, more: bool) -> dict:
        paging = {"cursors": {"after": after}, **({"next": f"{URL}?x=1"} if more else {})}
        data = [{"messaging_product": "whatsapp", "wa_id": wa_id} for wa_id in wa_ids]
        return {"data": [*data, None], "paging": paging}

    meta.get(URL, json=page("1", "2", after="one", more=True))
    meta.get(URL, json=page("3", after="two", more=False))

    found = [[one.wa_id for one in part] for part in blocks.pages()]

    assert found == [["1", "2", ""], ["3", ""]]
    queries = [parse_qs(urlsplit(call.request.url).query) for call in meta.calls]
    assert [query.get("after") for query in queries] == [None, ["one"]]


@pytest.mark.parametrize("answer", [{"data": {}}, refused(100), []])
def test_a_list_that_is_none_is_an_error(meta, blocks, answer):
    meta.get(URL, json=answer)

    with pytest.raises(errors.CloudApiError):
        list(blocks.pages())


def test_a_list_that_turns_in_circles_ends(meta, blocks):
    same = {"data": [], "paging": {"cursors": {"after": "a"}, "next": "x"}}
    meta.get(URL, json=same)

    assert len(list(blocks.pages())) == 2
