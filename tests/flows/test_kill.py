"""kill -9 of processes and services under load: what was acknowledged is there, once."""

import hashlib
import hmac
import http.client
import json
import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from psycopg import sql

from tests.flows.running import Demo, until

pytestmark = pytest.mark.e2e
MESSAGES = 1000
SENDERS = 8
KILLS = 8
GIVE_UP_SECONDS = 120


def signed_request(described: dict, number: int) -> tuple[bytes, dict[str, str]]:
    tenant = described["tenants"]["acme" if number % 2 else "globex"]
    sender = f"55119777{number % 50:05}"
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "5500",
            "phone_number_id": tenant["phone_number_id"],
        },
        "contacts": [{"profile": {"name": f"Cliente {number % 50}"}, "wa_id": sender}],
        "messages": [
            {
                "from": sender,
                "id": f"wamid.KILL{number}",
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": f"mensagem {number}"},
            }
        ],
    }
    entry = {"id": tenant["waba_id"], "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signature = hmac.new(described["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    return body, headers


def deliver(demo: Demo, described: dict, number: int) -> None:
    """Bring one message as Meta does: again and again until somebody says 200."""
    body, headers = signed_request(described, number)
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=10)
        try:
            connection.request("POST", "/webhook/whatsapp/", body, headers)
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    raise AssertionError(f"message {number} was never acknowledged")


def stored(demo: Demo) -> Counter[str]:
    found: Counter[str] = Counter()
    with demo.database() as connection:
        schemas = connection.execute("SELECT schema_name FROM public.tenants_tenant").fetchall()
        for (schema,) in schemas:
            table = sql.Identifier(schema, "conversations_message")
            query = sql.SQL("SELECT wamid FROM {} WHERE wamid LIKE 'wamid.KILL%'").format(table)
            found.update(wamid for (wamid,) in connection.execute(query).fetchall())
    return found


def kill(demo: Demo, program: str) -> bool:
    """Kill one process of the demo, if it is up; its supervisor starts another."""
    pids = demo.pids(program)
    with suppress(ProcessLookupError):
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def whole(demo: Demo, wanted: set[str]) -> bool:
    """Tell whether everything is stored; false also while PostgreSQL is away."""
    with suppress(psycopg.OperationalError, AssertionError, OSError):
        return stored(demo).keys() >= wanted
    return False


@pytest.mark.parametrize(
    ("programs", "messages", "kills"),
    [(("daphne", "celery"), MESSAGES, KILLS), (("valkey-server", "postgres"), 400, 4)],
    ids=["processes", "services"],
)
def test_nothing_acknowledged_is_lost_or_doubled(demo: Demo, programs, messages, kills):
    demo.start()
    described = demo.read()
    wanted = {f"wamid.KILL{number}" for number in range(messages)}
    dice = random.Random(20)

    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(deliver, demo, described, number) for number in range(messages)]
        for number in range(kills):
            program = programs[number % 2]
            until(lambda program=program: kill(demo, program), f"a {program} to kill")
            time.sleep(dice.uniform(0.1, 1.0))
        for one in sent:
            one.result()

    until(lambda: whole(demo, wanted), "every acknowledged message is stored")
    assert stored(demo) == Counter(dict.fromkeys(wanted, 1))
