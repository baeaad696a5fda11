"""The knobs. Nothing goes wrong in the simulator unless one of them says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from whatsapp.simulator import errors

#: Ways of answering a send that no error code describes.
REFUSALS = {
    "html_500": "an HTTP 500 with a page of HTML; the message is not accepted",
    "html_502": "the message is accepted, and an HTTP 502 with a page of HTML comes",
    "timeout": "the message is accepted, and no answer comes",
    "reset": "the message is accepted, and the connection is reset",
    "drop": "the connection is reset, and the message is not accepted",
    "no_id": "the message is accepted, and the answer does not say as what",
}
#: What may stand as `message_status` in the answer to a send; "" leaves it out.
MESSAGE_STATUSES = ("", "accepted", "held_for_quality_assessment", "paused")
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
    "pair_seconds": (0, 3600),
    "pair_burst": (1, 10_000),
    "messages_per_second": (0, 100_000),
    "portfolio_users": (0, 10_000_000),
    "portfolio_code": (1, 10_000_000),
    "calls_per_hour": (0, 10_000_000),
    "app_calls_per_hour": (0, 10_000_000),
    "templates_per_hour": (0, 10_000),
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
    no_statuses: bool = False  # nothing is ever heard of a message again
    play_voice: bool = False  # customers play voice messages, and `played` tells of it
    sent_before_answer: bool = False
    fail_code: int = 0  # 0: no failure; else `failed` with this code comes instead of the ladder

    # Webhooks
    shuffle: bool = False
    copies: int = 1
    batch_size: int = 1
    batch_wait_seconds: float = 0.2
    wrong_signature: bool = False
    escape_slashes: bool = False
    leave_out_contacts: bool = False  # events come without `contacts`
    user_ids: bool = True  # business-scoped user ids beside the numbers, as since April 2026
    parent_user_ids: bool = False  # and those of the portfolio above
    retry_scale: float = 1.0
    webhook_timeout_seconds: float = 10.0

    # Answers of the Graph API
    refuse: str = ""  # an error code, or a key of REFUSALS
    refuse_times: int = 0  # 0: until the knob is turned back
    refuse_calls: str = ""  # the same for calls that are no sends; nothing is done then
    refuse_edge: str = ""  # only those that end so: "register", "debug_token"; "" is all
    message_status: str = ""  # one of MESSAGE_STATUSES
    retry_after: bool = False  # answers of a limit say in a header when to come again
    timeout_seconds: float = 60.0
    latency_seconds: float = 0.0
    template_review_seconds: float = 1.0
    template_reject: bool = False  # what a review ends with
    template_page_size: int = 25
    page_size: int = 25  # of numbers and blocked people
    strict_window: bool = False  # whether people of whom nothing is known have a closed window
    window_seconds: float = 86400.0
    window_later: bool = False  # a closed window is told by a status, not by the answer
    media_url_seconds: float = 300.0  # how long the address of a file is good
    media_damaged: bool = False  # files come with a wrong last byte

    # Limits: Meta's own numbers, which count only once `limits` is on; 0 takes one away
    limits: bool = False
    pair_seconds: float = 6.0  # between messages of one number to one person, after a burst
    pair_burst: int = 45
    messages_per_second: int = 80  # of one number
    portfolio_users: int = 250  # people written to first within 24 hours, by all of an account
    portfolio_code: int = 131048  # Meta names no code for it
    portfolio_later: bool = True  # told by a status, not by the answer
    calls_per_hour: int = 5000  # management calls about one account
    app_calls_per_hour: int = 0  # all management calls
    templates_per_hour: int = 100  # created in one account

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
    if key == "message_status":
        return _message_status(value)
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


def _message_status(value: Any) -> str:
    if value in MESSAGE_STATUSES:
        return str(value)
    raise SettingsError(f"message_status: one of {', '.join(MESSAGE_STATUSES[1:])}.")


def _refusal(key: str, value: Any) -> str:
    text = str(value)
    if text in {"", *REFUSALS} or (text.isdecimal() and int(text) in errors.TEXTS):
        return text
    raise SettingsError(f"{key}: an error code of the table, or one of {', '.join(REFUSALS)}.")
