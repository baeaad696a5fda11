"""A customer's photo, from the phone to the folder of a running installation."""

import base64
import hashlib
import http.client
import json
import stat

import pytest
from psycopg import sql

from tests import files
from tests.flows.running import Demo, until

pytestmark = pytest.mark.e2e
NUMBER, MARIANA = "106540352242922", "5511988412203"


def send(demo: Demo, data: bytes) -> None:
    """Send a file from a customer's phone."""
    body = {
        "phone_number_id": NUMBER,
        "from": MARIANA,
        "data": base64.b64encode(data).decode(),
        "mime_type": "image/jpeg",
    }
    connection = http.client.HTTPConnection("127.0.0.1", demo.simulator_port, timeout=30)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/simulator/files", json.dumps(body), headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_a_photo_is_fetched_by_the_processes_of_an_installation(living: Demo):
    data = files.picture(size=(320, 200))
    digest = hashlib.sha256(data).hexdigest()
    with living.database() as database:
        query = "SELECT schema_name, id FROM public.tenants_tenant WHERE subdomain = 'acme'"
        schema, tenant_id = database.execute(query).fetchone()
    table = sql.Identifier(schema, "whatsapp_mediafile")
    asked = sql.SQL("SELECT key, width FROM {} WHERE state = 'STORED' AND sha256 = %s")

    def stored() -> tuple | None:
        with living.database() as database:
            return database.execute(asked.format(table), (digest,)).fetchone()

    send(living, data)
    key, width = until(stored, "the photo was stored")

    path = living.data / "files" / "media" / str(tenant_id) / key.hex[:2] / str(key)
    assert width == 320
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
