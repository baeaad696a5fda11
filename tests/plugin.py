"""Prepare the environment that the settings are read from, before pytest-django reads them.

Missing services are started once, in the main process; the workers of pytest-xdist inherit their
addresses. Servers that DATABASE_URL and REDIS_URL name are used as guests: a test database of our
own there, and keys under a prefix of our own, which are removed at the end.
"""

import base64
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from config.demo import services
from config.demo.errors import DemoError

WORKER = "PYTEST_XDIST_WORKER"
REDIS_DATABASES = (0, 1, 2)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = (
    "NO CHROMIUM WAS FOUND: the tests in a real browser did NOT run."
    " Install it (Debian: apt-get install chromium) and run `make test` again."
)


def find_chromium() -> str | None:
    """Return the browser that the tests drive, or None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Run around every other plugin's hook: pytest-django reads the settings in its own."""
    if WORKER in os.environ:
        os.environ["REDIS_PREFIX"] += f"{os.environ[WORKER]}:"
    else:
        _describe_the_installation()
        _start_services(early_config)
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what a green run has not covered."""
    if WORKER not in os.environ and find_chromium() is None:
        terminalreporter.write_line("")
        terminalreporter.write_line(NO_CHROMIUM, red=True, bold=True)


def _describe_the_installation() -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    os.environ.update(
        SECRET_KEY=secrets.token_urlsafe(48),
        FIELD_KEYS=f"k1:{key}",
        PUBLIC_URL="http://localhost:8000",
        REDIS_PREFIX=f"balcao-test-{secrets.token_hex(4)}:",
        GRAPH_API_URL="http://127.0.0.1:9",  # nobody answers there: no test reaches Meta
        EMAIL_URL="memorymail://",
        DEBUG="false",
        BALCAO_DEMO="false",
    )
    for name in (
        "METRICS_TOKEN",
        "TRUSTED_PROXY_COUNT",
        "WEBHOOK_RETENTION_DAYS",
        "LOG_LEVEL",
        "MAIL_FROM",
    ):
        os.environ.pop(name, None)


def _start_services(config: pytest.Config) -> None:
    redis_is_ours = not os.environ.get("REDIS_URL")
    folder = Path(tempfile.mkdtemp(prefix="balcao-test-"))
    os.environ["MEDIA_ROOT"] = str(folder / "files")
    try:
        running = services.start(folder, durable=False, user="the tests")
    except DemoError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ.update(DATABASE_URL=running.database_url, REDIS_URL=running.redis_url)

    def end() -> None:
        if not redis_is_ours:
            _forget_keys()
        running.stop()
        services.remove(folder)

    config.add_cleanup(end)


def _forget_keys() -> None:
    for number in REDIS_DATABASES:
        with redis.Redis.from_url(f"{os.environ['REDIS_URL'].rstrip('/')}/{number}") as client:
            for key in client.scan_iter(match=f"{os.environ['REDIS_PREFIX']}*", count=1000):
                client.delete(key)
