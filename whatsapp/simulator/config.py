"""What the simulator is told at its start: one app, its numbers and the customers with a phone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class ConfigError(Exception):
    """The configuration cannot be used; the message says what to change."""


def is_loopback(host: str) -> bool:
    """Whether ``host`` (without a port) can only mean this machine."""
    host = host.strip("[]").lower()
    return host in LOOPBACK_NAMES or host.endswith(".localhost")


def check_callback_url(url: str) -> str:
    """Return ``url`` when webhooks may go there.

    Raises: ConfigError, for anything but plain HTTP to this machine.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and is_loopback(parts.hostname or "") and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{url!r} is no http address on this machine: webhooks stay local.")
    return url


@dataclass(frozen=True, slots=True)
class Phone:
    """A business number, with the token that may use it and its WABA.

    ``app_id`` is the app whose token that is and which is subscribed, "" the platform's.
    """

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    verified_name: str
    token: str
    subscribed: bool = True
    registered: bool = True
    pin: str = "123456"
    app_id: str = ""

    @property
    def digits(self) -> str:
        """The number as webhooks write it in ``metadata``."""
        return "".join(c for c in self.display_phone_number if c.isdecimal())


@dataclass(frozen=True, slots=True)
class App:
    """A further Meta app, such as a tenant's own."""

    app_id: str
    app_secret: str
    verify_token: str
    callback_url: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A person with WhatsApp. Without ``last_wrote_at`` (unix seconds) they wrote at the start."""

    wa_id: str
    name: str
    last_wrote_at: float | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; ``seed`` makes ids and shuffles the same in every run."""

    callback_url: str
    app_id: str
    app_secret: str
    verify_token: str
    phones: tuple[Phone, ...]
    customers: tuple[Customer, ...] = ()
    apps: tuple[App, ...] = ()
    port: int = 0
    seed: str = ""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Config":
        """Build from the JSON form. Port 0 means a free one.

        Raises: ConfigError.
        """
        port = data.get("port", 0)
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise ConfigError("port: a number from 0 to 65535 is needed.")
        phones = tuple(_phone(item, f"phones[{i}]") for i, item in enumerate(_list(data, "phones")))
        if len({phone.phone_number_id for phone in phones}) != len(phones):
            raise ConfigError("phones: a phone_number_id stands there twice.")
        apps = tuple(_app(item, f"apps[{i}]") for i, item in enumerate(_list(data, "apps")))
        if not {phone.app_id for phone in phones} <= {"", *(app.app_id for app in apps)}:
            raise ConfigError("phones: an app_id stands there that is not among the apps.")
        return cls(
            callback_url=check_callback_url(_text(data, "callback_url", "")),
            app_id=_text(data, "app_id", ""),
            app_secret=_text(data, "app_secret", ""),
            verify_token=_text(data, "verify_token", ""),
            phones=phones,
            customers=tuple(
                _customer(item, f"customers[{i}]")
                for i, item in enumerate(_list(data, "customers"))
            ),
            apps=apps,
            port=port,
            seed=str(data.get("seed", "")),
        )

    @classmethod
    def load(cls, path: str | Path) -> "Config":
        """Read the JSON file at ``path``. Raises: ConfigError."""
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ConfigError(f"{path} is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{path} must hold a JSON object.")
        return cls.parse(data)


def _phone(item: Any, where: str) -> Phone:
    data = _object(item, where)
    return Phone(
        phone_number_id=_text(data, "phone_number_id", where),
        waba_id=_text(data, "waba_id", where),
        display_phone_number=_text(data, "display_phone_number", where),
        verified_name=_text(data, "verified_name", where),
        token=_text(data, "token", where),
        subscribed=bool(data.get("subscribed", True)),
        registered=bool(data.get("registered", True)),
        pin=str(data.get("pin", "123456")),
        app_id=str(data.get("app_id", "")),
    )


def _app(item: Any, where: str) -> App:
    data = _object(item, where)
    return App(
        app_id=_text(data, "app_id", where),
        app_secret=_text(data, "app_secret", where),
        verify_token=_text(data, "verify_token", where),
        callback_url=check_callback_url(_text(data, "callback_url", where)),
    )


def _customer(item: Any, where: str) -> Customer:
    data = _object(item, where)
    wa_id = _text(data, "wa_id", where)
    if not wa_id.isdecimal():
        raise ConfigError(f"{where}.wa_id: digits only, as Meta writes it.")
    last_wrote_at = data.get("last_wrote_at")
    if last_wrote_at is not None and not isinstance(last_wrote_at, int | float):
        raise ConfigError(f"{where}.last_wrote_at: unix seconds are needed.")
    return Customer(wa_id=wa_id, name=_text(data, "name", where), last_wrote_at=last_wrote_at)


def _object(item: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise ConfigError(f"{where}: an object is needed.")
    return item


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise ConfigError(f"{key}: a list is needed.")
    return value


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{where}.{key} is missing.".lstrip("."))
    return value
