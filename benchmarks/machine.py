"""What this machine can do by itself: the limits that every other figure has to be read against."""

import os
import platform
import tempfile
import time
from pathlib import Path

import psycopg

_PROBE_SECONDS = 1.0
_BLOCK = b"\0" * 8192


def describe(folder: Path, database_url: str) -> str:
    """Return the machine in a few lines; ``folder`` is on the disk that the database is on."""
    model = _field(Path("/proc/cpuinfo"), "model name") or platform.processor() or "?"
    memory = int((_field(Path("/proc/meminfo"), "MemTotal") or "0 kB").split()[0]) / 1024 / 1024
    with psycopg.connect(database_url) as connection:
        server = connection.execute("SHOW server_version").fetchone()
        durable = connection.execute("SELECT current_setting('fsync')").fetchone()
    assert server
    assert durable
    load = os.getloadavg()[0]
    system = f"{os.cpu_count()} x {model}, {memory:.0f} GiB, {platform.platform()}"
    versions = f"Python {platform.python_version()}, PostgreSQL {server[0]} (fsync {durable[0]})"
    facts = {
        "machine": system,
        "software": versions,
        "load": f"{load:.2f} before the start",
        "fdatasync": f"{fdatasync_rate(folder):,.0f}/s of 8 kB",
        "one row": f"{insert_rate(database_url):,.0f}/s durable single-row INSERTs, one connection",
    }
    return "\n".join(f"{name:<11} {fact}" for name, fact in facts.items())


def fdatasync_rate(folder: Path) -> float:
    """Return how often a second an 8 kB block can be made durable."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < _PROBE_SECONDS:
            os.pwrite(file.fileno(), _BLOCK, 0)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - began)


def insert_rate(database_url: str) -> float:
    """Return how many rows of a webhook's size one connection commits a second, one by one."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.benchmark_row (body bytea)")
        count, began, body = 0, time.perf_counter(), os.urandom(1100)
        while time.perf_counter() - began < _PROBE_SECONDS:
            connection.execute("INSERT INTO public.benchmark_row VALUES (%b)", [body], prepare=True)
            count += 1
        elapsed = time.perf_counter() - began
        connection.execute("DROP TABLE public.benchmark_row")
    return count / elapsed


def _field(file: Path, name: str) -> str:
    if not file.exists():
        return ""
    for line in file.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
