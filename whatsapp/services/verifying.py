"""What Meta's answers about a token and a number mean, as facts, the same for every job."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from whatsapp.client.numbers import Callbacks, RemoteNumber, Subscription, TokenFacts
from whatsapp.findings import Grade, levels
from whatsapp.models import NumberFact
from whatsapp.services import facts
from whatsapp.services.facts import REFUSED, VALID, Fact

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
ENDS_SOON = timedelta(days=14)
# A number where nobody writes for so long is worth a look.
QUIET = timedelta(days=3)
# Meta's times are whole seconds, and what it shows may lag behind its own webhooks.
_MARGIN = timedelta(seconds=2)
_CHECK = NumberFact.Source.CHECK


def read_at(now: datetime) -> datetime:
    """Return the time of what is read at Meta's just now: newer words of webhooks win over it."""
    return now.replace(microsecond=0) - _MARGIN


def of_token(token: TokenFacts, *, waba_id: str, at: datetime) -> Iterator[Fact]:
    """Yield what is known of a token: whether Meta takes it, its end, and what it may do."""
    if token.is_valid:
        yield facts.token(VALID, at=at, source=_CHECK, code="token_valid")
    else:
        yield facts.token(REFUSED, at=at, source=_CHECK, code="token_invalid")
    yield _expiry(token, at)
    if token.is_valid:
        yield _scopes(token, waba_id, at)


def _expiry(token: TokenFacts, at: datetime) -> Fact:
    ends = [end for end in (token.expires_at, token.data_access_expires_at) if end is not None]
    if not ends:
        return _fact("expiry", "NEVER", Grade.OK, "token_for_ever", at)
    end = min(ends)
    date = end.date().isoformat()
    if end <= at:
        return _fact("expiry", "PAST", Grade.PROBLEM, "token_ended", at, date=date)
    if end <= at + ENDS_SOON:
        return _fact("expiry", "SOON", Grade.WARNING, "token_ends_soon", at, date=date)
    return _fact("expiry", "LATER", Grade.OK, "token_ends", at, date=date)


def _scopes(token: TokenFacts, waba_id: str, at: datetime) -> Fact:
    missing = [scope for scope in SCOPES if scope not in token.scopes]
    if missing:
        named = ", ".join(missing)
        return _fact("scopes", "MISSING", Grade.PROBLEM, "scopes_missing", at, missing=named)
    if not all(token.reaches(scope, waba_id) for scope in SCOPES):
        return _fact("scopes", "ELSEWHERE", Grade.PROBLEM, "scopes_elsewhere", at, waba_id=waba_id)
    return _fact("scopes", "COMPLETE", Grade.OK, "scopes_complete", at)


def of_number(number: RemoteNumber, *, at: datetime) -> list[Fact]:
    """Return what Meta's description of a number tells; matters that it leaves out are left out."""
    both = number.is_on_biz_app and number.platform == "CLOUD_API"
    platform = levels.COEXISTENCE if both else number.platform
    words = {
        "status": number.status,
        "quality": number.quality,
        "name": number.name_status,
        "limit": number.messaging_limit,
        "throughput": number.throughput,
        "platform": platform,
    }
    values: dict[str, dict[str, Any]] = {
        "throughput": {"rate": levels.rate(number.throughput, platform)},
        "name": {"name": number.verified_name},
    }
    found = [
        facts.judged(matter, word, at=at, source=_CHECK, values=values.get(matter))
        for matter, word in words.items()
        if word
    ]
    return [fact for fact in found if fact is not None]


def is_subscribed(subscriptions: Iterable[Subscription], app_id: str) -> bool:
    """Tell whether an app is told what happens in an account."""
    return any(one.app_id == app_id for one in subscriptions)


def of_subscription(code: str, *, at: datetime, detail: str = "") -> Fact:
    """Return whether Meta tells our app what happens in the account; ``code`` is a finding's."""
    good = code in {"subscribed", "subscribed_now"}
    word, grade = ("SUBSCRIBED", Grade.OK) if good else ("MISSING", Grade.PROBLEM)
    return _fact("subscription", word, grade, code, at, detail=detail)


def of_callbacks(callbacks: Callbacks, *, public_url: str, at: datetime) -> Fact:
    """Return whether an override brings the number's events to an address that is not ours."""
    override = callbacks.override
    if override and not override.startswith(f"{public_url.rstrip('/')}/"):
        shown = override.partition("?")[0][:200]  # a query may hold somebody's secret
        return _fact("callback", "ELSEWHERE", Grade.WARNING, "callback_elsewhere", at, uri=shown)
    return _fact("callback", "OURS", Grade.OK, "callback_ours", at)


def of_last_webhook(last: datetime | None, *, at: datetime) -> Fact:
    """Return how long ago an event of the number came in."""
    if last is None:
        return _fact("webhook", "NEVER", Grade.WARNING, "webhook_never", at)
    ago = max(at - last, timedelta())
    minutes = int(ago.total_seconds() // 60)
    if ago >= timedelta(days=2):
        grade = Grade.WARNING if ago >= QUIET else Grade.OK
        return _fact("webhook", "DAYS", grade, "webhook_days", at, count=minutes // 1440)
    if minutes >= 120:
        return _fact("webhook", "HOURS", Grade.OK, "webhook_hours", at, count=minutes // 60)
    return _fact("webhook", "MINUTES", Grade.OK, "webhook_minutes", at, count=minutes)


def _fact(matter: str, word: str, grade: Grade, code: str, at: datetime, **values: object) -> Fact:
    return Fact(matter, word, at, _CHECK, grade, code, values)
