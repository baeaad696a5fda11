import asyncio
import json
from importlib import import_module

import pytest
from django.conf import settings

from tenants import context, sockets
from tenants.feed import live
from tenants.models import Membership, Tenant, User
from tenants.services import people as people_service

SECONDS = 30
HOST = "acme.localhost"


class Page:
    """One browser's end of ``/ws/inbox/``."""

    def __init__(self, cookie: str, host: str = HOST, origin: str | None = "", path="/ws/inbox/"):
        origin = f"http://{host}" if origin == "" else origin
        headers = {"host": host, "origin": origin, "cookie": f"session={cookie}"}
        self.scope = {
            "type": "websocket",
            "path": path,
            "headers": [
                (name.encode(), value.encode()) for name, value in headers.items() if value
            ],
        }
        self.sent: list[dict] = []
        self.block: asyncio.Event | None = None
        self._inbox: asyncio.Queue = asyncio.Queue()

    async def __aenter__(self) -> "Page":
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(
            sockets.application(self.scope, self._inbox.get, self._send)
        )
        await until(lambda: self.sent)
        return self

    async def __aexit__(self, *failure) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        async with asyncio.timeout(SECONDS):
            await self.task

    async def _send(self, event: dict) -> None:
        if self.block is not None and event["type"] == "websocket.send":
            await self.block.wait()
        self.sent.append(event)

    def write(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def write_bytes(self, data: bytes) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "bytes": data})

    @property
    def is_admitted(self) -> bool:
        return self.sent[0]["type"] == "websocket.accept"

    @property
    def frames(self) -> list[dict]:
        return [json.loads(one["text"]) for one in self.sent if one["type"] == "websocket.send"]

    @property
    def code(self) -> int | None:
        return next((one["code"] for one in self.sent if one["type"] == "websocket.close"), None)


async def until(condition) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _hub(transactional_db, monkeypatch):
    """A hub of its own: one belongs to one event loop."""
    monkeypatch.setattr(live, "hub", live.Hub())


@pytest.fixture
def cookie(page):
    return page("ana@acme.test").cookies["session"].value


def is_admitted(*args, **kwargs) -> bool:
    async def scenario() -> bool:
        async with Page(*args, **kwargs) as page:
            return page.is_admitted

    return asyncio.run(scenario())


def test_a_page_gets_its_tenants_hints_and_nobody_elses(acme, globex, cookie):
    async def scenario() -> None:
        async with Page(cookie) as page:
            await until(lambda: page.frames and page.frames[-1]["live"])
            await asyncio.to_thread(live.hint, globex.schema_name, 99)
            await asyncio.to_thread(live.hint, acme.schema_name, 7)
            await until(lambda: page.frames[-1]["seq"] == 7)

            assert 99 not in [frame["seq"] for frame in page.frames]
            assert page.code is None

    asyncio.run(scenario())


def test_the_page_of_another_tenant_or_of_nobody_stays_outside(acme, globex, cookie):
    assert is_admitted(cookie)
    assert not is_admitted("")
    assert not is_admitted("no-such-session")
    assert not is_admitted(cookie, host="globex.localhost")
    assert not is_admitted(cookie, host="nobody.localhost")
    assert not is_admitted(cookie, host="localhost")
    assert not is_admitted(cookie, path="/ws/elsewhere/")


def test_a_session_of_acme_opens_no_socket_of_globex_even_for_a_member_of_both(
    cookie, people, globex
):
    with context.platform():
        Membership.objects.create(user=people["ana@acme.test"], tenant=globex, role="ADMIN")

    assert not is_admitted(cookie, host="globex.localhost")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://globex.localhost",
        "https://acme.localhost",
        "http://acme.localhost:81",
        "http://acme.localhost.evil.test",
        "http://evil.test/acme.localhost",
    ],
)
def test_the_origin_must_be_the_host(acme, cookie, origin):
    assert not is_admitted(cookie, origin=origin)


def test_roles_that_read_are_admitted_and_those_who_left_are_not(acme, people, page):
    vera = page("vera@acme.test").cookies["session"].value
    assert is_admitted(vera)

    with context.platform():
        Membership.objects.filter(user=people["vera@acme.test"]).delete()
    assert not is_admitted(vera)


@pytest.mark.parametrize(("status", "served"), [("SUSPENDED", True), ("CANCELLED", False)])
def test_a_suspended_tenant_is_read_and_a_cancelled_one_is_not(acme, cookie, status, served):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status=status)

    assert is_admitted(cookie) is served


def test_a_cookie_that_holds_nul_stays_outside(acme):
    assert not is_admitted(r'"\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"')


def _sign_out(cookie, people, acme):
    import_module(settings.SESSION_ENGINE).SessionStore(cookie).delete()


def _disable(cookie, people, acme):
    User.objects.filter(email="ana@acme.test").update(is_active=False)


def _dismiss(cookie, people, acme):
    Membership.objects.filter(user=people["ana@acme.test"]).delete()


def _cancel(cookie, people, acme):
    Tenant.objects.filter(pk=acme.pk).update(status="CANCELLED")


def _change_password(cookie, people, acme):
    people_service.set_password(
        actor=None, user=people["ana@acme.test"], password="another-long-password"
    )


@pytest.mark.parametrize("end", [_sign_out, _disable, _dismiss, _cancel, _change_password])
def test_a_right_that_ended_ends_the_socket(acme, people, cookie, end, monkeypatch):
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.2)

    def act() -> None:
        with context.platform():
            end(cookie, people, acme)

    async def scenario() -> None:
        async with Page(cookie) as page:
            await asyncio.sleep(0.5)
            assert page.code is None  # checked, and still welcome
            await asyncio.to_thread(act)
            await until(lambda: page.code == sockets.REFUSED)

    asyncio.run(scenario())


def test_a_page_that_pings_is_answered(cookie):
    async def scenario() -> None:
        async with Page(cookie) as page:
            page.write(".")
            await until(lambda: page.frames)
            assert page.code is None

    asyncio.run(scenario())


def test_a_silent_page_is_sent_away(cookie, monkeypatch):
    monkeypatch.setattr(sockets, "SILENCE_SECONDS", 0.2)

    async def scenario() -> None:
        async with Page(cookie) as page:
            await until(lambda: page.code == sockets.TRY_LATER)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "frames",
    [["x" * 65], ["x" * 1_000_000], ["."] * 121, ['{"join": "globex.inbox"}' + " " * 60]],
    ids=["long", "huge", "many", "joining"],
)
def test_a_page_that_writes_too_much_is_sent_away(cookie, frames):
    async def scenario() -> None:
        async with Page(cookie) as page:
            for frame in frames:
                page.write(frame)
            await until(lambda: page.code == sockets.REFUSED)

    asyncio.run(scenario())


def test_a_person_has_so_many_sockets_and_no_more(cookie, monkeypatch):
    monkeypatch.setattr(sockets, "SOCKETS_PER_USER", 2)

    async def scenario() -> None:
        async with Page(cookie), Page(cookie), Page(cookie) as third:
            await until(lambda: third.code == sockets.TRY_LATER)
        async with Page(cookie) as page:
            await until(lambda: page.frames)
            assert page.code is None

    asyncio.run(scenario())
    assert not sockets._open


def test_a_page_that_does_not_read_holds_one_frame_and_is_dropped(acme, cookie, monkeypatch):
    monkeypatch.setattr(sockets, "SEND_SECONDS", 1.0)

    async def scenario() -> None:
        async with Page(cookie) as slow, Page(cookie) as quick:
            await until(lambda: slow.frames and quick.frames)
            slow.block = asyncio.Event()
            for seq in range(1, 30):
                await asyncio.to_thread(live.hint, acme.schema_name, seq)
            await until(lambda: quick.frames[-1]["seq"] == 29)
            await until(lambda: slow.code == sockets.TRY_LATER)
            assert quick.code is None

    asyncio.run(scenario())
