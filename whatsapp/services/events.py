"""Keep what Meta says about numbers and accounts. Nothing acts on it yet."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from tenants.db import arrays
from whatsapp.payloads import AccountEvent

_KEEP = """
    INSERT INTO whatsapp_accountevent (digest, waba_id, field, value, provider_at)
    SELECT * FROM unnest(
        %s::bytea[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[])
    ON CONFLICT (digest) DO NOTHING
    RETURNING digest
"""


def digest(event: AccountEvent) -> bytes:
    """Return what makes an event the same when it comes again: Meta gives events no id."""
    words = [event.waba_id, event.field, event.time and event.time.timestamp(), event.value]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).digest()


def keep(cursor: psycopg.Cursor[Any], events: Iterable[AccountEvent]) -> set[bytes]:
    """Keep the events that are not there yet, in the open transaction; return their digests."""
    fresh: Mapping[bytes, AccountEvent] = {digest(event): event for event in events}
    keys = sorted(fresh)  # in one order everywhere, so that two writers cannot deadlock
    ordered = [fresh[key] for key in keys]
    columns = (
        arrays.binaries(keys),
        arrays.texts(event.waba_id for event in ordered),
        arrays.texts(event.field for event in ordered),
        arrays.texts(json.dumps(event.value) for event in ordered),
        arrays.times(event.time for event in ordered),
    )
    return {bytes(key) for (key,) in cursor.execute(_KEEP, columns).fetchall()}
