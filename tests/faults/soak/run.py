"""Both parts of the soak, one after the other, on one installation. Needs Django set up."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import redis
from django.conf import settings
from django.utils import timezone

from config.demo import readiness
from tenants import context
from tenants.models import Membership, RefreshSession, Tenant
from tenants.services import tokens
from tenants.services.tokens import Claims, Kind
from tests.faults.soak import ground, sends, verdict
from tests.faults.soak.crew import Crew, on_board
from tests.faults.soak.ground import Services
from tests.faults.soak.kills import ROLES, Amounts, torment
from tests.faults.soak.settle import left_over, settle
from tests.faults.soak.traffic import Traffic
from whatsapp.models import Phone
from whatsapp.simulator import config
from whatsapp.simulator.server import Simulator

READY_SECONDS = 90.0
LATENCY_SECONDS = 0.1
# Meta's pauses between attempts are cut to a fifth, and a dead door is noticed sooner.
RETRY_SCALE, DOOR_SECONDS = 0.2, 5.0
# The clients' tokens are good for the whole run.
LATER = timedelta(hours=6)


def run(folder: Path, services: Services, port: int, options: argparse.Namespace) -> bool:
    """Run both parts and print what came of them; return whether every promise was kept."""
    with on_board(folder) as crew, _simulator(crew, port) as simulator:
        traffic = _traffic(simulator, crew, options.rate)
        _wait_until_ready(crew)
        for chat in traffic.chats():
            traffic.write(chat)
        settle(traffic, hurry=options.hurry)
        amounts = Amounts(options.kills, options.redis, options.postgres, options.seconds)
        good = _kills(traffic, services, amounts, hurry=options.hurry)
        return _sends(traffic, options.sends, hurry=options.hurry) and good


def _kills(traffic: Traffic, services: Services, amounts: Amounts, *, hurry: bool) -> bool:
    traffic.begin()
    done = torment(traffic.crew, services, amounts)
    traffic.end()
    seconds = settle(traffic, hurry=hurry)
    kills = {role: sum(one.kills for one in traffic.crew.of(role)) for role in ROLES}
    alone = sum(one.ended_alone for one in traffic.crew.members)
    print(f"{sum(kills.values()):,} kill -9 ({kills}), {alone} ended by themselves")
    print(f"{done.redis_kills} kills and {done.redis_flushes} flushes of Valkey,", end=" ")
    print(f"{done.postgres} immediate restarts of PostgreSQL; settled in {seconds:.0f} s")
    print(f"{traffic.attempts:,} requests for {len(traffic.asked):,} sends by clients,", end=" ")
    webhooks = traffic.simulator.webhooks()
    print(f"{webhooks['attempts']:,} attempts for {webhooks['totals']['created']:,} webhooks")
    return _judge(traffic) and not alone


def _sends(traffic: Traffic, count: int, *, hurry: bool) -> bool:
    before = verdict.judge(traffic)
    traffic.simulator.change(timeout_seconds=3)
    with sends.faulty(traffic.simulator) as wished:
        queued = sends.queue_up(traffic, count)
        began = time.monotonic()
        while left_over(traffic)["PENDING"] > queued // 50:
            time.sleep(0.5)
        took = time.monotonic() - began
    seconds = settle(traffic, hurry=hurry)
    found = verdict.judge(traffic)
    unsure = found.ends["UNCONFIRMED"] - before.ends["UNCONFIRMED"]
    print(f"\n{queued:,} sends in {took:.0f} s through {sum(wished.values()):,} faults: {wished}")
    print(f"UNCONFIRMED {unsure} of {queued:,} ({unsure / max(queued, 1):.2%}),", end=" ")
    print(f"settled in {seconds:.0f} s")
    return _judge(traffic)


def _judge(traffic: Traffic) -> bool:
    found = verdict.judge(traffic)
    print("\n".join(found.lines()), flush=True)
    return found.good


@contextmanager
def _simulator(crew: Crew, port: int) -> Iterator[Simulator]:
    numbers, doors = ground.numbers(), [_address(one.port) for one in crew.doors()]
    told = config.Config(
        callback_url=doors[0],
        app_id=ground.APP_ID,
        app_secret=ground.APP_SECRET,
        verify_token=ground.VERIFY_TOKEN,
        phones=tuple(
            config.Phone(
                one.phone_number_id, one.waba_id, one.display, one.display, token=one.token
            )
            for one in numbers
        ),
        port=port,
    )
    with Simulator(told).running() as simulator:
        simulator.change(
            retry_scale=RETRY_SCALE,
            webhook_timeout_seconds=DOOR_SECONDS,
            latency_seconds=LATENCY_SECONDS,
            copies=2,
        )
        for place, one in enumerate(numbers):
            known = simulator.engine.world.numbers[one.phone_number_id]
            known.overrides[ground.APP_ID] = doors[place % len(doors)]
        yield simulator


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}/webhook/whatsapp/"


def _traffic(simulator: Simulator, crew: Crew, rate: float) -> Traffic:
    clients, keys = {}, {}
    for subdomain in ground.TENANTS:
        with context.platform():
            tenant = Tenant.objects.get(subdomain=subdomain)
        clients[subdomain] = (f"/api/v1/tenant/{tenant.pk}/messages/send", _token(tenant))
        with context.tenant(tenant.schema_name):
            keys |= dict(Phone.objects.values_list("phone_number_id", "pk"))
    return Traffic(simulator, crew, ground.numbers(), clients, keys, rate)


def _token(tenant: Tenant) -> str:
    now = timezone.now()
    with context.platform():
        user = Membership.objects.select_related("user").get(tenant=tenant).user
        jti = uuid4().hex
        session = RefreshSession.objects.create(
            user=user, tenant=tenant, current_jti=jti, expires_at=now + Kind.REFRESH.lifetime
        )
    claims = Claims(user.pk, tenant.pk, session.pk, user.token_version, jti)
    return tokens.sign(Kind.ACCESS, claims, now=now + LATER)


def _wait_until_ready(crew: Crew) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _ready(crew):
        assert time.monotonic() < deadline, f"not ready: see {crew.folder}"
        time.sleep(0.1)


def _ready(crew: Crew) -> bool:
    try:
        return all(readiness.answers(one.port, "/health/ready") for one in crew.of("web")) and (
            readiness.queue_is_served(settings.CELERY_BROKER_URL)
        )
    except redis.RedisError:
        return False
