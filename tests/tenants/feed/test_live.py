import asyncio
import json

import pytest
from channels.layers import InMemoryChannelLayer
from django.db import transaction

from tenants import context
from tenants.feed import live, selectors
from tenants.feed.live import Draft
from tenants.feed.models import Change

SECONDS = 30


class Recorder:
    """A socket that remembers what it was offered."""

    def __init__(self) -> None:
        self.frames: list[dict] = []

    def offer(self, frame: str) -> None:
        self.frames.append(json.loads(frame))


class Flaky(InMemoryChannelLayer):
    """A layer whose server can go away."""

    is_away = False

    is_silent = False  # takes everything and answers nothing

    async def group_send(self, group, message):
        await self._answer()
        await super().group_send(group, message)

    async def group_discard(self, group, channel):
        await self._answer()
        await super().group_discard(group, channel)

    async def _answer(self):
        if self.is_away:
            raise ConnectionError
        if self.is_silent:
            await asyncio.Event().wait()


async def until(condition) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def layer(monkeypatch):
    flaky = Flaky()
    monkeypatch.setattr(live, "get_channel_layer", lambda: flaky)
    monkeypatch.setattr(live, "ECHO_SECONDS", 0.1)
    monkeypatch.setattr(live, "TOGETHER_SECONDS", 0.01)
    return flaky


def test_numbers_are_dense_and_kept(acme, phones):
    with context.tenant(acme.schema_name):
        assert live.publish(Draft(Change.Kind.CONVERSATION, 1)) == 1
        assert live.publish(Draft(Change.Kind.MESSAGE, 1, 5), Draft(Change.Kind.MESSAGE, 2, 6)) == 3

        assert selectors.last_seq() == 3
        assert list(Change.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_a_rolled_back_number_is_given_again(acme):
    with context.tenant(acme.schema_name):
        with transaction.atomic():
            live.publish(Draft(Change.Kind.CONVERSATION, 1))
            transaction.set_rollback(True)

        assert live.publish(Draft(Change.Kind.CONVERSATION, 1)) == 1


def test_publishing_survives_a_layer_that_is_away(acme, layer, django_capture_on_commit_callbacks):
    layer.is_away = True

    with context.tenant(acme.schema_name), django_capture_on_commit_callbacks(execute=True):
        assert live.publish(Draft(Change.Kind.CONVERSATION, 1)) == 1


def test_what_changed_is_told_by_number(acme):
    with context.tenant(acme.schema_name):
        live.publish(Draft(Change.Kind.MESSAGE, 1, 10), Draft(Change.Kind.MESSAGE, 2, 20))
        live.publish(Draft(Change.Kind.CONVERSATION, 3))

        assert selectors.changes_after(3) == selectors.Changes(last_seq=3)
        beside = selectors.changes_after(1, conversation_id=1)
        assert (beside.conversation_ids, beside.message_ids) == ({2, 3}, frozenset())
        within = selectors.changes_after(0, conversation_id=2)
        assert (within.conversation_ids, within.message_ids) == ({1, 2, 3}, {20})
        assert selectors.changes_after(4).reset


def test_only_the_rooms_own_hints_come_in_and_they_are_joined(layer):
    async def scenario() -> None:
        hub, ours, theirs = live.Hub(), Recorder(), Recorder()
        await hub.join("acme", ours)
        await hub.join("globex", theirs)
        await until(lambda: ours.frames and theirs.frames)
        for seq in range(1, 101):
            await layer.group_send(
                live.group("acme"), {"type": "hint", "schema": "acme", "seq": seq}
            )
        await until(lambda: ours.frames[-1]["seq"] == 100)

        assert ours.frames[0] == {"seq": None, "live": True, "spread": 0}
        assert len(ours.frames) < 100
        assert all(frame["seq"] is None for frame in theirs.frames)
        await hub.leave("acme", ours)
        await hub.leave("globex", theirs)
        assert not hub._rooms and not hub._tasks and not layer.groups

    asyncio.run(scenario())


def test_pages_are_told_that_hints_stopped_and_to_check_when_they_are_back(layer):
    async def scenario() -> None:
        hub, socket = live.Hub(), Recorder()
        await hub.join("acme", socket)
        await until(lambda: socket.frames and socket.frames[-1]["live"])
        layer.is_away = True
        await until(lambda: not socket.frames[-1]["live"])
        layer.is_away = False
        await until(lambda: socket.frames[-1]["live"])

        assert socket.frames[-1]["seq"] is None  # nobody knows what was missed: check
        await hub.leave("acme", socket)

    asyncio.run(scenario())


def test_a_socket_may_come_while_the_layer_is_away(layer):
    async def scenario() -> None:
        layer.is_away = True
        hub, socket = live.Hub(), Recorder()
        await hub.join("acme", socket)
        await asyncio.sleep(0.2)
        assert not any(frame["live"] for frame in socket.frames)
        layer.is_away = False
        await until(lambda: socket.frames and socket.frames[-1]["live"])
        await hub.leave("acme", socket)

    asyncio.run(scenario())


def test_pages_of_a_crowd_spread_their_fetches(layer):
    async def scenario() -> None:
        hub, crowd = live.Hub(), [Recorder() for _ in range(100)]
        for socket in crowd:
            await hub.join("acme", socket)
        await until(lambda: crowd[0].frames)
        assert crowd[0].frames[-1]["spread"] == 300
        for socket in crowd:
            await hub.leave("acme", socket)

    asyncio.run(scenario())


def test_the_last_page_leaves_a_silent_layer_and_the_next_one_comes(layer):
    async def scenario() -> None:
        hub = live.Hub()
        first, second = Recorder(), Recorder()
        await hub.join("t_acme", first)
        await until(lambda: first.frames and first.frames[-1]["live"])
        layer.is_silent = True

        await hub.leave("t_acme", first)
        await hub.join("t_acme", second)
        layer.is_silent = False

        await until(lambda: second.frames and second.frames[-1]["live"])
        await hub.leave("t_acme", second)

    async def in_time() -> None:
        async with asyncio.timeout(SECONDS):
            await scenario()

    asyncio.run(in_time())


def test_a_hint_is_given_up_where_nobody_answers(layer, monkeypatch, caplog):
    monkeypatch.setattr(live, "HINT_SECONDS", 0.1)
    layer.is_silent = True

    live.hint("t_acme", 7)

    assert "lost" in caplog.text
