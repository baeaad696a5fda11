"""What a socket is sent by somebody who wishes it ill.

Who may open one, from which page and for how long is in tests/tenants/test_sockets.py.
"""

import asyncio

import pytest

from tenants import sockets
from tenants.feed import live
from tests.api import access_token, key_of
from tests.tenants.test_sockets import Page, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _hub(monkeypatch):
    monkeypatch.setattr(live, "hub", live.Hub())  # one belongs to one event loop


@pytest.fixture
def cookie(page):
    return page("ana@acme.test").cookies["session"].value


JOINS = [
    '{"join": "t_globex"}',
    '{"type":"subscribe","group":"t_globex"}',
    '{"after": 0, "tenant": "globex"}',
    "joinTenant:globex",
    "*",
    "",
    "\x00",
    "[" * 64,
    '{"seq": 1e308}',
]


@pytest.mark.parametrize("frame", JOINS)
def test_nothing_that_a_page_says_makes_it_hear_more(acme, globex, cookie, frame):
    async def scenario() -> None:
        async with Page(cookie) as page:
            await until(lambda: page.frames and page.frames[-1]["live"])
            page.write(frame)
            await until(lambda: {"pong": True} in page.frames)
            await asyncio.to_thread(live.hint, globex.schema_name, 99)
            await asyncio.to_thread(live.hint, acme.schema_name, 7)
            await until(lambda: page.frames[-1].get("seq") == 7)

            assert 99 not in [one.get("seq") for one in page.frames]
            assert page.code is None

    asyncio.run(scenario())


@pytest.mark.parametrize("data", [b"\xff\xfe\xfd", b"\x00", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_do_no_harm(cookie, data):
    async def scenario() -> None:
        async with Page(cookie) as page:
            page.write_bytes(data)
            await until(lambda: {"pong": True} in page.frames)
            page.write_bytes(data * 1000)
            await until(lambda: page.code == sockets.REFUSED)

    asyncio.run(scenario())


def test_what_it_carries_are_numbers_and_states(acme, cookie):
    """No name and no text: what somebody may see is settled where it is fetched."""

    async def scenario() -> list[dict]:
        async with Page(cookie) as page:
            await until(lambda: page.frames)
            await asyncio.to_thread(live.hint, acme.schema_name, 7)
            page.write(".")
            await until(lambda: any(one.get("seq") == 7 for one in page.frames))
            return page.frames

    values = [value for frame in asyncio.run(scenario()) for value in frame.values()]
    assert all(value is None or isinstance(value, int | float) for value in values)


def test_a_token_or_a_key_opens_none(people, acme):
    """A browser's page may; programs have the changes of the API."""
    for secret in (
        access_token(people["ana@acme.test"], acme),
        key_of(people["admin@acme.test"], acme, "conversations:read"),
    ):
        for headers in ({"authorization": f"Bearer {secret}"}, {"sec-websocket-protocol": secret}):
            assert not asyncio.run(_is_admitted(headers, query=f"token={secret}"))


async def _is_admitted(headers: dict[str, str], query: str) -> bool:
    page = Page("")
    page.scope["headers"] += [(name.encode(), text.encode()) for name, text in headers.items()]
    page.scope["query_string"] = query.encode()
    async with page:
        return page.is_admitted
