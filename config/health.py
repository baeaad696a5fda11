"""Is this installation well? Answered on any host, before any tenant is known."""

import secrets
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from tenants import context, trace
from whatsapp.webhooks import backlog

REDIS_SECONDS = 0.5
_cache = redis.Redis.from_url(
    f"{settings.REDIS_URL}/0",
    socket_connect_timeout=REDIS_SECONDS,
    socket_timeout=REDIS_SECONDS,
)


class HealthMiddleware:
    """Answer the health paths whatever the Host header says; leave everything else to the rest."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = _ANSWERS.get(request.path.rstrip("/"))
        if answer is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = answer(request)
        response["Cache-Control"] = "no-store"
        return response


def health(request: HttpRequest) -> HttpResponse:
    """Say what works; 503 only without the database. Without Redis we still serve."""
    checks = {"database": _database_answers(), "redis": _redis_answers()}
    if not checks["database"]:
        return JsonResponse({"status": "down", "checks": checks}, status=503)
    body: dict[str, object] = {
        "status": "ok" if all(checks.values()) else "degraded",
        "checks": checks,
    }
    if _may_see_figures(request):
        with context.platform():
            figures = backlog.figures()
        body["figures"] = {
            "unprocessed_deliveries": figures.unprocessed,
            "oldest_unprocessed_seconds": figures.oldest_unprocessed_seconds,
            "parked_units": figures.parked,
        }
    return JsonResponse(body)


def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers at all."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served: whether the database answers."""
    answers = _database_answers()
    return JsonResponse({"status": "ok" if answers else "down"}, status=200 if answers else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Show the figures as Prometheus reads them; for METRICS_TOKEN or the loopback only."""
    if not _may_see_figures(request):
        return HttpResponse("Forbidden\n", status=403, content_type="text/plain")
    try:
        return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)
    except Error:
        return HttpResponse("The database does not answer\n", status=503, content_type="text/plain")


_ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/health": health,
    "/health/live": live,
    "/health/ready": ready,
    "/metrics": metrics,
}


class _Backlog(Collector):
    """Reads the figures at the moment of asking, so that every process tells the same."""

    def collect(self) -> Iterator[Metric]:
        with context.platform():
            figures = backlog.figures()
        yield GaugeMetricFamily(
            "balcao_unprocessed_deliveries",
            "Webhook deliveries stored and not yet processed",
            value=figures.unprocessed,
        )
        yield GaugeMetricFamily(
            "balcao_oldest_unprocessed_seconds",
            "Age of the oldest unprocessed delivery",
            value=figures.oldest_unprocessed_seconds,
        )
        yield GaugeMetricFamily(
            "balcao_bulk_paused",
            "1 while bulk sending waits for events to be taken in",
            value=figures.oldest_unprocessed_seconds > backlog.BEHIND_SECONDS,
        )
        parked = GaugeMetricFamily(
            "balcao_parked_units", "Units that wait for somebody to decide", labels=["reason"]
        )
        for reason, count in figures.parked.items():
            parked.add_metric([reason], count)
        yield parked


_registry = CollectorRegistry()
_registry.register(_Backlog())


def _database_answers() -> bool:
    try:
        with context.platform(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(_cache.ping())
    except redis.RedisError:
        return False


def _may_see_figures(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and secrets.compare_digest(given.encode(), token.encode()):
        return True
    if "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXY_COUNT:
        return False  # a proxy that nobody told us of: the loopback address is only its own
    address = trace.client_address(request.META, settings.TRUSTED_PROXY_COUNT)
    return address is not None and ip_address(address).is_loopback
