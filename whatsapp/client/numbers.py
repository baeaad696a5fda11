"""Numbers, their accounts, and what a token may do.

Source: developers.facebook.com/docs/graph-api/reference/whats-app-business-account,
.../whats-app-business-account-to-number-current-status and .../debug_token, read 2026-11.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from whatsapp import errors
from whatsapp.client import CloudApiClient, answers
from whatsapp.payloads.cleaning import dict_of, text_of

# Of these Meta tells only when it is asked for each by name.
FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,name_status,platform_type,"
    "throughput,is_on_biz_app,code_verification_status,account_mode,"
    "whatsapp_business_manager_messaging_limit"
)
PAGE_SIZE = 50
# More than Meta lets an account have; a server that turns in circles ends here at the latest.
PAGES_MAX = 20


@dataclass(frozen=True, slots=True)
class RemoteNumber:
    """A number as Meta has it, in Meta's words (open sets); "" where Meta said nothing."""

    phone_number_id: str
    display_phone_number: str
    verified_name: str
    status: str
    quality: str
    name_status: str
    platform: str
    throughput: str
    messaging_limit: str
    is_on_biz_app: bool  # used in the WhatsApp Business app at the same time

    @property
    def is_registered(self) -> bool:
        """Whether the number works on the Cloud API already."""
        return self.platform == "CLOUD_API" and self.status not in {"", "PENDING", "UNVERIFIED"}


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What Meta says of a token. A time is None where there is no end."""

    is_valid: bool
    app_id: str
    kind: str  # SYSTEM_USER, USER, ...
    scopes: frozenset[str]
    targets: Mapping[str, frozenset[str]]  # by scope; one that is not listed is for everything
    expires_at: datetime | None
    data_access_expires_at: datetime | None

    def reaches(self, scope: str, waba_id: str) -> bool:
        """Tell whether the token may do ``scope`` in this account."""
        return scope in self.scopes and waba_id in self.targets.get(scope, {waba_id})


@dataclass(frozen=True, slots=True)
class Subscription:
    """An app that is told what happens in an account; "" without an override."""

    app_id: str
    name: str
    override_callback_uri: str


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Where Meta brings a number's events: the first of these that is not empty."""

    phone_number: str
    account: str
    application: str

    @property
    def override(self) -> str:
        return self.phone_number or self.account


@dataclass(frozen=True, slots=True)
class Numbers:
    """The calls about numbers and accounts with one token. Every reading may be repeated.

    All raise: CloudApiError. What does not exist, and what the token may not see, look the same: a
    RefusedError with code 100.
    """

    client: CloudApiClient

    def number(self, phone_number_id: str) -> RemoteNumber:
        """Read one number."""
        found = _number(self._get(quote(phone_number_id, safe=""), fields=FIELDS))
        if found is None:
            raise errors.MaybeSentError("an answer without the number")
        return found

    def numbers_of(self, waba_id: str) -> Iterator[RemoteNumber]:
        """Read an account's numbers, page by page, by Meta's cursors.

        The address of the next page is never used nor kept: it holds the token.
        """
        edge, after = f"{quote(waba_id, safe='')}/phone_numbers", ""
        for _ in range(PAGES_MAX):
            query = {"fields": FIELDS, "limit": str(PAGE_SIZE)}
            document = self._get(edge, **query, **({"after": after} if after else {}))
            items = document.get("data")
            for item in items if isinstance(items, list) else []:
                found = _number(dict_of(item))
                if found is not None:
                    yield found
            paging = dict_of(document.get("paging"))
            cursor = dict_of(paging.get("cursors")).get("after")
            # The last page has cursors too.
            if not paging.get("next") or not isinstance(cursor, str) or cursor in {"", after}:
                return
            after = cursor

    def token(self, access_token: str) -> TokenFacts:
        """Ask what a token may do; for this the client's own token is the app's.

        Meta takes the token to look at in the query only, so this address is a secret.
        """
        document = self._get("debug_token", secret=access_token, input_token=access_token)
        return _token(dict_of(document.get("data")))

    def subscriptions(self, waba_id: str) -> list[Subscription]:
        """Read which apps are told what happens in an account."""
        items = self._get(f"{quote(waba_id, safe='')}/subscribed_apps").get("data")
        found = [dict_of(item) for item in (items if isinstance(items, list) else [])]
        return [_subscription(item) for item in found]

    def subscribe(self, waba_id: str) -> None:
        """Have the token's app told what happens in an account; may be repeated.

        Removes an override of the account, if there was one.
        """
        self._post(f"{quote(waba_id, safe='')}/subscribed_apps", {})

    def register(self, phone_number_id: str, *, pin: str) -> None:
        """Put a number on the Cloud API. Meta lets it be tried ten times in 72 hours."""
        body = {"messaging_product": "whatsapp", "pin": pin}
        self._post(f"{quote(phone_number_id, safe='')}/register", body, secret=pin)

    def callbacks(self, phone_number_id: str) -> Callbacks:
        """Read where Meta brings a number's events."""
        document = self._get(quote(phone_number_id, safe=""), fields="webhook_configuration")
        where = dict_of(document.get("webhook_configuration"))
        names = ("phone_number", "whatsapp_business_account", "application")
        return Callbacks(*(text_of(where.get(name)) for name in names))

    def _get(self, path: str, *, secret: str = "", **query: str) -> dict[str, Any]:
        return self._call("GET", path, secret, query=query)

    def _post(self, path: str, body: Mapping[str, Any], *, secret: str = "") -> None:
        if self._call("POST", path, secret, body=body).get("success") is not True:
            raise errors.MaybeSentError("an answer that does not say whether it was done")

    def _call(self, method: str, path: str, secret: str, **rest: Any) -> dict[str, Any]:
        answer = self.client.call(method, path, **rest)
        document = answers.accepted(answer)
        if document is None:
            error = answer.error(secret=self.client.token)
            raise error if not secret else _without(error, secret)
        return document


def _without(error: errors.CloudApiError, secret: str) -> errors.CloudApiError:
    detail = error.detail.replace(secret, "[secret]")
    return type(error)(detail, code=error.code, retry_after_seconds=error.retry_after_seconds)


def _number(item: Mapping[str, Any]) -> RemoteNumber | None:
    phone_number_id = text_of(item.get("id"))
    if not phone_number_id:
        return None
    limit = item.get("whatsapp_business_manager_messaging_limit") or item.get(
        "messaging_limit_tier"
    )
    return RemoteNumber(
        phone_number_id=phone_number_id,
        display_phone_number=text_of(item.get("display_phone_number"))[:40],
        verified_name=text_of(item.get("verified_name"))[:120],
        status=_word(item.get("status")),
        quality=_word(item.get("quality_rating")),
        name_status=_word(item.get("name_status")),
        platform=_word(item.get("platform_type")),
        throughput=_word(dict_of(item.get("throughput")).get("level")),
        messaging_limit=_word(limit),
        is_on_biz_app=item.get("is_on_biz_app") is True,
    )


def _token(data: Mapping[str, Any]) -> TokenFacts:
    scopes = data.get("scopes")
    granular = data.get("granular_scopes")
    targets = {}
    for item in granular if isinstance(granular, list) else []:
        ids = dict_of(item).get("target_ids")
        if isinstance(ids, list):  # without them: everything
            targets[text_of(dict_of(item).get("scope"))] = frozenset(text_of(one) for one in ids)
    return TokenFacts(
        is_valid=data.get("is_valid") is True,
        app_id=text_of(data.get("app_id")),
        kind=_word(data.get("type")),
        scopes=frozenset(text_of(one) for one in (scopes if isinstance(scopes, list) else [])),
        targets=targets,
        expires_at=_moment(data.get("expires_at")),
        data_access_expires_at=_moment(data.get("data_access_expires_at")),
    )


def _subscription(item: Mapping[str, Any]) -> Subscription:
    app = dict_of(item.get("whatsapp_business_api_data"))
    override = text_of(item.get("override_callback_uri"))
    return Subscription(text_of(app.get("id")), text_of(app.get("name")), override)


def _moment(value: Any) -> datetime | None:
    """Read seconds since 1970; 0 and nonsense are no end."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, tz=UTC)


def _word(value: Any) -> str:
    return text_of(value).upper()[:40]
