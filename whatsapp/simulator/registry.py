"""What the platform keeps about numbers, accounts, tokens and signups: plain data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from whatsapp.simulator import recipients
from whatsapp.simulator.config import Config, Phone

MANAGEMENT, MESSAGING = "whatsapp_business_management", "whatsapp_business_messaging"
SCOPES = (MANAGEMENT, MESSAGING)
#: Of the codes that an Embedded Signup hands out.
CODE_SECONDS = 30.0


@dataclass(slots=True)
class MetaApp:
    """A Meta app: with whose secret webhooks are signed, and where they go."""

    app_id: str
    app_secret: str
    verify_token: str
    callback_url: str

    @property
    def token(self) -> str:
        """The token of the app itself."""
        return f"{self.app_id}|{self.app_secret}"


@dataclass(slots=True)
class Number:
    """A business number as it stands now; ``phone`` is what never changes of it."""

    phone: Phone
    verified_name: str
    pin: str
    registered: bool
    onboarded_at: float
    status: str = "CONNECTED"
    code_verification_status: str = "VERIFIED"
    verification_code: str = ""
    quality_rating: str = "GREEN"
    name_status: str = "APPROVED"
    new_name_status: str = "NONE"
    throughput: str = "STANDARD"
    account_mode: str = "LIVE"
    is_on_biz_app: bool = False
    overrides: dict[str, str] = field(default_factory=dict)  # callback addresses by app id
    registrations: list[float] = field(default_factory=list)  # when it was tried
    profile: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)  # wa_ids by what all spellings share

    @classmethod
    def of(cls, phone: Phone, *, now: float) -> "Number":
        """Return the state in which a configured number starts."""
        return cls(
            phone,
            verified_name=phone.verified_name,
            pin=phone.pin,
            registered=phone.registered,
            onboarded_at=now,
            status="CONNECTED" if phone.registered else "PENDING",
        )

    def blocks(self, wa_id: str) -> bool:
        """Whether it blocked this person, in any spelling of the number."""
        return recipients.match_key(wa_id) in self.blocked


@dataclass(slots=True)
class Waba:
    """A WhatsApp Business Account: which apps hear of it, and how Meta thinks of it."""

    waba_id: str
    name: str = ""
    subscribers: dict[str, str] = field(default_factory=dict)  # callback addresses, "" the app's
    review: str = "APPROVED"
    ban_state: str = ""
    restrictions: tuple[str, ...] = ()
    messaging_limit: str = "TIER_250"
    deleted: bool = False

    @property
    def business_id(self) -> str:
        """The portfolio that owns the account: one for each, always the same."""
        return f"9{self.waba_id}"


@dataclass(slots=True)
class Grant:
    """What a token may do. ``expires_at`` 0 is never; without ``granular`` no ids are named."""

    app_id: str
    waba_ids: set[str] = field(default_factory=set)
    scopes: tuple[str, ...] = SCOPES
    expires_at: float = 0.0
    revoked: bool = False
    granular: bool = True

    def is_expired(self, now: float) -> bool:
        """Whether its time is over."""
        return bool(self.expires_at) and now >= self.expires_at


@dataclass(slots=True)
class Code:
    """What an Embedded Signup gave the page: good once, and not for long."""

    token: str
    expires_at: float
    used: bool = False


class Registry:
    """Apps, numbers, accounts, tokens and codes, as configured at first.

    ``app`` is the platform's own, which configured numbers belong to unless they name another.
    """

    def __init__(self, config: Config, app: MetaApp, *, now: float) -> None:
        self.app = app
        self.apps = {app.app_id: app}
        self.phones: dict[str, Phone] = {}
        self.numbers: dict[str, Number] = {}
        self.wabas: dict[str, Waba] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        for own in config.apps:
            made = MetaApp(own.app_id, own.app_secret, own.verify_token, own.callback_url)
            self.apps[made.app_id] = made
        for phone in config.phones:
            self.add(phone, now=now)

    def add(self, phone: Phone, *, now: float) -> Number:
        """Put a number there, with its account and its token where they are new."""
        app_id = phone.app_id or self.app.app_id
        waba = self.wabas.setdefault(phone.waba_id, Waba(phone.waba_id, name=phone.verified_name))
        if phone.subscribed:
            waba.subscribers.setdefault(app_id, "")
        grant = self.grants.setdefault(phone.token, Grant(app_id))
        grant.waba_ids.add(phone.waba_id)
        self.phones[phone.phone_number_id] = phone
        number = self.numbers[phone.phone_number_id] = Number.of(phone, now=now)
        return number

    def phones_of(self, token: str) -> tuple[Phone, ...]:
        """Return the numbers of all accounts that a token may use."""
        grant = self.grants.get(token)
        return self._phones_in(grant.waba_ids if grant else ())

    def phones_in(self, waba_id: str) -> tuple[Phone, ...]:
        """Return the numbers of one account."""
        return self._phones_in((waba_id,))

    def _phones_in(self, waba_ids: Iterable[str]) -> tuple[Phone, ...]:
        there = {waba_id for waba_id in waba_ids if not self.wabas[waba_id].deleted}
        return tuple(phone for phone in self.phones.values() if phone.waba_id in there)
