"""What the installation says of its own health, and to whom."""

from datetime import timedelta

import pytest
import redis
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.utils import timezone

from config import health
from tenants import context
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery

STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
PATHS = ["/health", "/health/", "/health/live", "/health/ready", "/metrics"]


@pytest.fixture
def backlog(meta_app) -> None:
    """Two deliveries that wait, the older one for 90 seconds, and a unit that nobody owns."""
    with context.platform():
        for seconds in (90, 10):
            delivery = WebhookDelivery.objects.create(
                app=meta_app,
                body=b"{}",
                sha256=b"\x00" * 32,
                received_at=timezone.now() - timedelta(seconds=seconds),
            )
        ParkedUnit.objects.create(delivery=delivery, unit_index=0, reason="UNROUTED")
        ParkedUnit.objects.create(delivery=delivery, unit_index=1, reason="HELD", state="DONE")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["localhost", "acme.localhost", "10.1.2.3", "bad_host", "a,b"])
def test_any_host_name_will_do(acme, path, host):
    assert Client().get(path, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_only_reading_is_possible(db, path):
    assert Client().post(path).status_code == 405
    assert "no-store" in Client().get(path)["Cache-Control"]


def test_all_is_well(db):
    body = Client(**STRANGER).get("/health").json()

    assert body == {"status": "ok", "checks": {"database": True, "redis": True}}


def test_without_redis_we_still_serve(db, monkeypatch):
    def refuse() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(health._cache, "ping", refuse)

    response = Client(**STRANGER).get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "checks": {"database": True, "redis": False}}
    assert Client().get("/health/ready").status_code == 200


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_the_database_we_do_not(db, monkeypatch, error):
    def refuse() -> None:
        raise error

    with monkeypatch.context() as away:
        away.setattr(health.connection, "cursor", refuse)
        answers = {path: Client().get(path) for path in PATHS}

    assert answers["/health"].json()["status"] == "down"
    statuses = {path: answer.status_code for path, answer in answers.items()}
    assert statuses.pop("/health/live") == 200
    assert set(statuses.values()) == {503}


def test_the_figures_are_for_the_loopback(backlog):
    figures = Client().get("/health").json()["figures"]

    assert figures["unprocessed_deliveries"] == 2
    assert figures["oldest_unprocessed_seconds"] >= 90
    assert figures["parked_units"] == {"UNROUTED": 1, "HELD": 0, "QUARANTINED": 0}


def test_a_scraper_reads_the_metrics(backlog, settings):
    settings.METRICS_TOKEN = "the-token"
    answer = Client(**STRANGER).get("/metrics", headers={"authorization": "Bearer the-token"})
    text = answer.content.decode()

    assert answer["Content-Type"].startswith("text/plain")
    assert "balcao_unprocessed_deliveries 2.0" in text
    assert "balcao_bulk_paused 1.0" in text
    assert 'balcao_parked_units{reason="UNROUTED"} 1.0' in text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": "the-token-and-more"},
        {"authorization": "Bearer ç"},
    ],
)
def test_strangers_see_no_figures(backlog, settings, headers):
    settings.METRICS_TOKEN = "the-token"
    stranger = Client(**STRANGER)

    assert stranger.get("/metrics", headers=headers).status_code == 403
    assert "figures" not in stranger.get("/health", headers=headers).json()


def test_without_a_token_an_empty_one_opens_nothing(db, settings):
    settings.METRICS_TOKEN = ""
    answer = Client(**STRANGER).get("/metrics", headers={"authorization": "Bearer "})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        (0, "203.0.113.9", 403),
        (0, "127.0.0.1", 403),
        (1, "203.0.113.9", 403),
        (1, "127.0.0.1, 203.0.113.9", 403),
        (1, "127.0.0.1", 200),
    ],
)
def test_behind_a_proxy_the_loopback_is_not_everybody(db, settings, proxies, forwarded, status):
    settings.TRUSTED_PROXY_COUNT = proxies

    answer = Client().get("/metrics", headers={"x-forwarded-for": forwarded})

    assert answer.status_code == status


def test_robots_are_kept_out_and_the_icon_is_found(acme):
    for host in ("localhost", "acme.localhost"):
        client = Client(SERVER_NAME=host)
        assert "Disallow: /" in client.get("/robots.txt").content.decode()
        assert client.get("/favicon.ico").status_code == 301
