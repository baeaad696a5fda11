"""What Meta, or time, does to numbers, accounts and tokens: for the page, for tests and demos.

Each act changes the state and sends the webhooks that tell of it in life; ``quiet`` sends none,
as when one was lost. Where Meta tells nobody (quality between GREEN and YELLOW, most states of a
number, everything about tokens), nothing is sent.
"""

from typing import Any

from whatsapp.simulator import downfall, notices, signup, wishes
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.registry import SCOPES, Grant, Number, Waba
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
STATUSES = (
    "CONNECTED",
    "PENDING",
    "DISCONNECTED",
    "FLAGGED",
    "RESTRICTED",
    "BANNED",
    "UNVERIFIED",
    "DELETED",
    "MIGRATED",
    "RATE_LIMITED",
    "UNKNOWN",
)
_REGISTERED = frozenset({"CONNECTED", "FLAGGED", "RESTRICTED", "BANNED", "RATE_LIMITED"})
#: The knobs of a number that only a read shows, and their words.
_WORDS: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "quality_rating": ("GREEN", "YELLOW", "RED", "NA", "UNKNOWN"),
    "throughput": ("STANDARD", "HIGH"),
    "messaging_limit": notices.TIERS,
    "code_verification_status": ("VERIFIED", "NOT_VERIFIED", "EXPIRED"),
    "account_mode": ("LIVE", "SANDBOX"),
    "name_decision": ("APPROVED", "REJECTED", "DEFERRED", "PENDING"),
}
_NAME_STATUSES = {
    "APPROVED": "APPROVED",
    "REJECTED": "DECLINED",
    "DEFERRED": "PENDING_REVIEW",
    "PENDING": "PENDING_REVIEW",
}
_NUMBER_KEYS = ("phone_number_id", *_WORDS, "name", "rejection_reason", "is_on_biz_app", "quiet")
_ACCOUNT_KEYS = ("waba_id", "phone_number_id", "subscribed", "review", "event", "details", "quiet")
_TOKEN_STATES = ("valid", "expired", "revoked")
_REVIEWS = ("APPROVED", "REJECTED", "PENDING", "DEFERRED")


class Backstage:
    """The acts behind POST /simulator/numbers, accounts, tokens and signups."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world

    # What one can see

    def numbers(self, query: Json) -> Json:
        """Return how numbers stand: the wanted one, or all. No token is among it."""
        wanted = query.get("phone_number_id")
        shown = [n for key, n in self._world.numbers.items() if wanted in (None, key)]
        return {"numbers": [self.number(one) for one in shown]}

    def number(self, number: Number) -> Json:
        """Return how one number, its account and its token stand."""
        phone = number.phone
        waba, grant = self._world.wabas[phone.waba_id], self._world.registry.grants[phone.token]
        return {
            "phone_number_id": phone.phone_number_id,
            "waba_id": phone.waba_id,
            "display_phone_number": phone.display_phone_number,
            "verified_name": number.verified_name,
            "status": number.status,
            "registered": number.registered,
            "pin": number.pin,
            "code_verification_status": number.code_verification_status,
            "verification_code": number.verification_code,
            "quality_rating": number.quality_rating,
            "throughput": number.throughput,
            "name_status": number.name_status,
            "account_mode": number.account_mode,
            "is_on_biz_app": number.is_on_biz_app,
            "overrides": number.overrides,
            "profile": number.profile,
            "settings": number.settings,
            "blocked": list(number.blocked.values()),
            "account": self._account(waba),
            "token": _token(grant, self._world.now()),
        }

    # What one can do

    def change_number(self, data: Json) -> Json:
        """Change how a number stands; all or nothing."""
        wishes.only(data, *_NUMBER_KEYS)
        number = self._number(data)
        words = wishes.words(data, _WORDS)
        name = wishes.text(data, "name", number.verified_name)
        reason = wishes.text(data, "rejection_reason", "")
        tell = not wishes.flag(data, "quiet", default=False)
        number.is_on_biz_app = wishes.flag(data, "is_on_biz_app", default=number.is_on_biz_app)
        for plain in ("code_verification_status", "account_mode"):
            setattr(number, plain, words.get(plain, getattr(number, plain)))
        self._quality(number, words, tell=tell)
        self._limit(number, words, tell=tell)
        if "name_decision" in words:
            self._decide_name(number, name, words["name_decision"], reason, tell=tell)
        self._world.touch()
        return self.number(number)

    def change_account(self, data: Json) -> Json:
        """Subscribe or unsubscribe, end a review, or let an `account_update` happen.

        The account is named by itself, or by one of its numbers.
        """
        wishes.only(data, *_ACCOUNT_KEYS)
        waba = self._waba(data)
        review = wishes.words(data, {"review": _REVIEWS}).get("review")
        event, details = wishes.text(data, "event", ""), data.get("details", {})
        if not isinstance(details, dict):
            raise WishError("details: an object is needed.")
        tell = not wishes.flag(data, "quiet", default=False)
        app_id = self._world.app.app_id
        if wishes.flag(data, "subscribed", default=app_id in waba.subscribers):
            waba.subscribers.setdefault(app_id, "")
        else:
            waba.subscribers.pop(app_id, None)
        if review:
            waba.review = review
        if review and tell:
            notices.send(self._engine, waba, "account_review_update", {"decision": review})
        if event:
            downfall.happen(self._engine, waba, event.upper(), details, tell=tell)
        self._world.touch()
        return self._account(waba)

    def change_token(self, data: Json) -> Json:
        """Let a token, or all of a number's account, end or lose scopes; `valid` heals it."""
        wishes.only(data, "phone_number_id", "token", "state", "scopes", "expires_at", "target_ids")
        grants, now = self._grants(data), self._world.now()
        state = wishes.words(data, {"state": _TOKEN_STATES}).get("state")
        scopes, expires_at = data.get("scopes"), data.get("expires_at")
        if scopes is not None and not _is_texts(scopes):
            raise WishError(f"scopes: a list is needed, such as {list(SCOPES)}.")
        if expires_at is not None and not wishes.is_number(expires_at):
            raise WishError("expires_at: unix seconds are needed, 0 for never.")
        for grant in grants:
            grant.granular = wishes.flag(data, "target_ids", default=grant.granular)
            grant.scopes = grant.scopes if scopes is None else tuple(scopes)
            if state is not None:
                grant.revoked = state == "revoked"
                grant.expires_at = now - 60 if state == "expired" else 0.0
            if expires_at is not None:
                grant.expires_at = float(expires_at)
        self._world.touch()
        return _token(grants[0], now)

    def sign_up(self, data: Json) -> Json:
        """Let a customer finish an Embedded Signup: the code, and what the page hears of it.

        With a `phone_number_id` that is known the customer brings that number; else a new one,
        in a new account, that is neither registered nor subscribed. `by_hand` there is a token
        at once instead of a code.
        """
        wishes.only(data, *signup.KEYS)
        by_hand = wishes.flag(data, "by_hand", default=False)
        token = self._world.ids.secret()
        if "phone_number_id" in data:
            number = self._number(data)
        else:
            number = signup.new_number(self._world, data, token=token)
        return signup.finish(self._world, number, token=token, by_hand=by_hand)

    def _account(self, waba: Waba) -> Json:
        return {
            "waba_id": waba.waba_id,
            "subscribed": self._world.app.app_id in waba.subscribers,
            "subscribers": waba.subscribers,
            "review": waba.review,
            "ban_state": waba.ban_state,
            "restrictions": list(waba.restrictions),
            "messaging_limit": waba.messaging_limit,
            "deleted": waba.deleted,
        }

    def _quality(self, number: Number, words: Json, *, tell: bool) -> None:
        flagged = _is_flagged(number)
        number.quality_rating = words.get("quality_rating", number.quality_rating)
        if "status" in words:
            number.status = words["status"]
            number.registered = number.status in _REGISTERED
        events = []
        if _is_flagged(number) != flagged:
            events.append("UNFLAGGED" if flagged else "FLAGGED")
        if words.get("throughput", number.throughput) != number.throughput:
            number.throughput = words["throughput"]
            events += ["THROUGHPUT_UPGRADE"] if number.throughput == "HIGH" else []
        for event in events if tell else ():
            notices.quality(self._engine, number, event=event)

    def _limit(self, number: Number, words: Json, *, tell: bool) -> None:
        waba = self._world.wabas[number.phone.waba_id]
        before, after = waba.messaging_limit, words.get("messaging_limit", waba.messaging_limit)
        waba.messaging_limit = after
        if tell and after != before:
            grown = notices.TIERS.index(after) > notices.TIERS.index(before)
            event = "UPGRADE" if grown else "DOWNGRADE"
            notices.quality(self._engine, number, event=event, old_limit=before)
            notices.capability(self._engine, waba)

    def _decide_name(
        self, number: Number, name: str, decision: str, reason: str, *, tell: bool
    ) -> None:
        if decision == "APPROVED":
            number.verified_name, number.name_status = name, "APPROVED"
            number.new_name_status = "NONE"
        elif name == number.verified_name:
            number.name_status = _NAME_STATUSES[decision]
        else:
            number.new_name_status = _NAME_STATUSES[decision]
        if tell:
            notices.name(self._engine, number, decision=decision, wanted=name, reason=reason)

    def _number(self, data: Json) -> Number:
        number = self._world.numbers.get(str(data.get("phone_number_id", "")))
        if number is None:
            raise WishError("phone_number_id: no such number.", 404)
        return number

    def _waba(self, data: Json) -> Waba:
        if "phone_number_id" in data:
            data = {"waba_id": self._number(data).phone.waba_id}
        waba = self._world.wabas.get(str(data.get("waba_id", "")))
        if waba is None:
            raise WishError("waba_id: no such account.", 404)
        return waba

    def _grants(self, data: Json) -> list[Grant]:
        registry = self._world.registry
        if "token" in data:
            found = [registry.grants.get(str(data["token"]))]
        else:
            phone = self._number(data).phone
            others = (g for g in registry.grants.values() if phone.waba_id in g.waba_ids)
            own = registry.grants[phone.token]
            found = [own, *(grant for grant in others if grant is not own)]
        grants = [grant for grant in found if grant is not None]
        if not grants:
            raise WishError("token: no such token.", 404)
        return grants


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_flagged(number: Number) -> bool:
    return number.status == "FLAGGED" or number.quality_rating == "RED"


def _token(grant: Grant, now: float) -> Json:
    state = "expired" if grant.is_expired(now) else "valid"
    return {
        "state": "revoked" if grant.revoked else state,
        "scopes": list(grant.scopes),
        "expires_at": grant.expires_at,
        "target_ids": grant.granular,
    }
