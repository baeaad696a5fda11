"""Part one: everything is killed, flushed and restarted, again and again, under load."""

import random
import time
from dataclasses import dataclass

from tests.faults.soak.crew import Crew
from tests.faults.soak.ground import Services

ROLES = ("web", "ingest", "worker", "sweeper")


@dataclass(frozen=True, slots=True)
class Amounts:
    """How often what is done, and in how many seconds altogether."""

    kills: int
    redis: int
    postgres: int
    seconds: float


@dataclass(slots=True)
class Done:
    """What was done."""

    redis_kills: int = 0
    redis_flushes: int = 0
    postgres: int = 0


def torment(crew: Crew, services: Services, amounts: Amounts) -> Done:
    """Do all of it in this thread, one after the other, the kinds of process in turn."""
    done, began, place = Done(), time.monotonic(), 0
    while place < amounts.kills:
        due = began + amounts.seconds * place / amounts.kills
        time.sleep(max(0.0, due - time.monotonic()) * random.uniform(0.5, 1.5))
        if not crew.kill(random.choice(crew.of(ROLES[place % len(ROLES)]))):
            continue
        if _due(place, amounts.redis, amounts.kills):
            _strike_redis(services, done)
        if _due(place, amounts.postgres, amounts.kills):
            services.restart_postgres()
            done.postgres += 1
        place += 1
    return done


def _due(place: int, wanted: int, of: int) -> bool:
    """Spread so many evenly over all."""
    return (place + 1) * wanted // of > place * wanted // of


def _strike_redis(services: Services, done: Done) -> None:
    if done.redis_kills > done.redis_flushes:
        services.flush_valkey()
        done.redis_flushes += 1
    else:
        services.restart_valkey()
        done.redis_kills += 1
