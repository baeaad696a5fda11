"""The knobs. Nothing goes wrong in the simulator unless one of them says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from whatsapp.simulator import errors

#: Ways of answering a send that no error code describes.
REFUSALS = {
    "html_500": "an HTTP 500 with a page of HTML; the message is not accepted",
    "timeout": "the message is accepted, and no answer comes",
    "reset": "the message is accepted, and the connection is reset",
    "drop": "the connection is reset, and the message is not accepted",
}
#: Inclusive limits of the numbers among the knobs.
LIMITS: dict[str, tuple[float, float]] = {
    "sent_seconds": (0, 3600),
    "delivered_seconds": (0, 3600),
    "read_seconds": (0, 3600),
    "copies": (1, 10),
    "batch_size": (1, 1000),
    "batch_wait_seconds": (0, 60),
    "retry_scale": (0, 1),
    "webhook_timeout_seconds": (0.1, 120),
    "refuse_times": (0, 1_000_000),
    "timeout_seconds": (0, 600),
    "latency_seconds": (0, 60),
    "media_url_seconds": (0, 86400),
    "template_review_seconds": (0, 3600),
    "template_page_size": (1, 1000),
    "page_size": (1, 1000),
    "window_seconds": (0, 7 * 86400),
    "fail_code": (0, 10_000_000),
}


class SettingsError(Exception):
    """A knob that does not exist, or a value that it cannot take."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every knob with its default. Durations are in seconds, counted from the acceptance."""

    # Statuses
    sent_seconds: float = 0.3
    delivered_seconds: float = 0.8
    read_seconds: float = 2.0
    skip_delivered: bool = False
    never_read: bool = False
    stop_after_sent: bool = False
    sent_before_answer: bool = False
    fail_code: int = 0  # 0: no failure; else `failed` with this code comes instead of the ladder

    # Webhooks
    shuffle: bool = False
    copies: int = 1
    batch_size: int = 1
    batch_wait_seconds: float = 0.2
    wrong_signature: bool = False
    escape_slashes: bool = False
    user_ids: bool = True  # business-scoped user ids beside the numbers, as since April 2026
    retry_scale: float = 1.0
    webhook_timeout_seconds: float = 10.0

    # Answers of the Graph API
    refuse: str = ""  # an error code, or a key of REFUSALS
    refuse_times: int = 0  # 0: until the knob is turned back
    refuse_calls: str = ""  # the same for calls that are no sends; nothing is done then
    refuse_edge: str = ""  # only those that end so: "register", "debug_token"; "" is all
    timeout_seconds: float = 60.0
    latency_seconds: float = 0.0
    template_review_seconds: float = 1.0
    template_reject: bool = False  # what a review ends with
    template_page_size: int = 25
    page_size: int = 25  # of numbers and blocked people
    strict_window: bool = False  # whether people of whom nothing is known have a closed window
    window_seconds: float = 86400.0
    media_url_seconds: float = 300.0  # how long the address of a file is good
    media_damaged: bool = False  # files come with a wrong last byte

    def changed(self, data: Mapping[str, Any]) -> "Settings":
        """Return a copy with ``data`` taken over. Raises: SettingsError, and nothing changed."""
        return replace(self, **{key: _checked(key, value) for key, value in data.items()})

    def as_json(self) -> dict[str, Any]:
        """All knobs by name."""
        return asdict(self)

    def turned(self) -> list[str]:
        """Return the names of the knobs that differ from their default."""
        return [f.name for f in fields(self) if getattr(self, f.name) != f.default]


DEFAULTS = Settings()
_KINDS = {f.name: type(f.default) for f in fields(Settings)}


def _checked(key: str, value: Any) -> Any:
    if key not in _KINDS:
        raise SettingsError(f"{key}: there is no such knob.")
    if key in {"refuse", "refuse_calls"}:
        return _refusal(key, value)
    if key == "refuse_edge":
        return _edge(value)
    if _KINDS[key] is bool:
        if not isinstance(value, bool):
            raise SettingsError(f"{key}: true or false is needed.")
        return value
    return _number(key, value)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingsError(f"{key}: a number is needed.")
    if _KINDS[key] is int and not isinstance(value, int):
        raise SettingsError(f"{key}: a whole number is needed.")
    low, high = LIMITS[key]
    if not low <= value <= high:
        raise SettingsError(f"{key}: between {low:g} and {high:g}.")
    return value


def _edge(value: Any) -> str:
    if isinstance(value, str) and len(value) <= 100 and "/" not in value:
        return value
    raise SettingsError("refuse_edge: the last word of a path, such as register.")


def _refusal(key: str, value: Any) -> str:
    text = str(value)
    if text in {"", *REFUSALS} or (text.isdecimal() and int(text) in errors.TEXTS):
        return text
    raise SettingsError(f"{key}: an error code of the table, or one of {', '.join(REFUSALS)}.")
