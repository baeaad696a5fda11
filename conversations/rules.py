"""The product's rules on plain values: no Django, no clock, no network."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TypeVar

Waiting = TypeVar("Waiting")

# Ten times the rank of a status. Webhooks raise a message's rank and never lower it.
RANKS = {
    "RECEIVED": 0,
    "PENDING": 0,
    "HELD": 0,
    "SENDING": 10,
    "UNKNOWN": 15,
    "UNCONFIRMED": 16,
    "ACCEPTED": 20,
    "SENT": 30,
    "FAILED": 35,
    "CANCELLED": 36,  # before it left: nothing comes after
    "DELIVERED": 40,
    "READ": 50,
    "PLAYED": 60,
}


class Lane(IntEnum):
    """Who goes first from a number that has more to send than it may."""

    REPLY = 0  # somebody wrote it, and somebody waits for it
    API = 1
    BULK = 2


# Of so many messages each lane that waits has one at least: nobody can starve anybody.
TURNS = 10
# What a message's mark shows; an accepted message shows the clock until WhatsApp reports it sent.
TICKS = {
    "PENDING": "clock",
    "HELD": "clock",
    "SENDING": "clock",
    "ACCEPTED": "clock",
    "UNKNOWN": "unknown",
    "UNCONFIRMED": "unknown",
    "SENT": "sent",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "DELIVERED": "delivered",
    "READ": "read",
    "PLAYED": "read",
}
WINDOW = timedelta(hours=24)
# Meta's clock and ours differ, and a message takes a while to arrive.
WINDOW_MARGIN = timedelta(seconds=60)
# When operators are told that it ends; static/js/inbox/clock.js counts with the same two.
WINDOW_SOON = timedelta(hours=4)
WINDOW_URGENT = timedelta(hours=1)
TEXT_MAX_CHARACTERS = 4096
# What somebody types alone who wants no more marketing, by language; compared without case.
OPT_OUT_WORDS = {
    "en": ("stop", "unsubscribe", "opt out", "opt-out"),
    "pt": ("sair", "parar", "pare", "descadastrar"),
    "es": ("salir", "parar", "baja"),
}
# What somebody types alone who wants it again. No word that leads back in a menu ("voltar").
OPT_IN_WORDS = {
    "en": ("start", "unstop", "subscribe", "opt in", "opt-in"),
    "pt": ("retomar", "quero receber", "voltar a receber"),
    "es": ("reanudar", "quiero recibir", "volver a recibir"),
}
# What buttons say or carry that stop it, besides the words that are typed.
OPT_OUT_BUTTONS = {
    "en": ("stop promotions", "stop marketing", "stop messages"),
    "pt": ("parar promoções", "interromper promoções", "não quero receber"),
    "es": ("detener promociones", "parar promociones"),
}
_OPT_OUT_WORDS = frozenset(word for words in OPT_OUT_WORDS.values() for word in words)
_OPT_IN_WORDS = frozenset(word for words in OPT_IN_WORDS.values() for word in words)
_OPT_OUT_BUTTONS = _OPT_OUT_WORDS.union(*OPT_OUT_BUTTONS.values())


def window_closes_at(opened_at: datetime | None) -> datetime | None:
    """Return when free-form replies end; None when the customer never wrote."""
    return None if opened_at is None else opened_at + WINDOW - WINDOW_MARGIN


def window_open(opened_at: datetime | None, now: datetime) -> bool:
    """Tell whether a free-form reply may still be sent."""
    closes_at = window_closes_at(opened_at)
    return closes_at is not None and now < closes_at


def window_state(opened_at: datetime | None, now: datetime) -> str:
    """Return how near the end of the window is: open, soon, urgent or closed."""
    closes_at = window_closes_at(opened_at)
    if closes_at is None or now >= closes_at:
        return "closed"
    if closes_at - now < WINDOW_URGENT:
        return "urgent"
    return "soon" if closes_at - now < WINDOW_SOON else "open"


def clean_text(text: str) -> str:
    """Return the text without what neither Postgres nor JSON can carry: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """Return a clean text without breaks, and with single spaces."""
    return " ".join(clean_text(text).split())


def digits_of(text: str) -> str:
    """Return the digits of a number, however it is laid out."""
    return "".join(character for character in text if character.isdigit())


def reply_timestamp(now: datetime, last_message_at: datetime | None) -> datetime:
    """Return where a reply stands in its thread: now, but never before what it answers.

    Meta's clock may be ahead of ours; a timestamp further ahead than a day is nonsense.
    """
    if last_message_at is not None and now < last_message_at < now + timedelta(days=1):
        return last_message_at
    return now


def backoff_seconds(
    *, first: float, most: float, factor: float, attempt: int, at_least: float, chance: float
) -> float:
    """Return how long to wait after the ``attempt``-th try (from 1) was refused.

    ``at_least`` is what the other side asked for. ``chance`` (0 to 1) adds up to a quarter, so that
    what was refused together does not come back together.
    """
    wait = min(most, first * factor ** min(attempt - 1, 20))
    return max(wait, at_least) * (1 + chance / 4)


def count_again_seconds(*, total: int, silent: float) -> float:
    """Return when a broadcast's rows are worth counting again: the later, the longer it was silent.

    A second at least, more for a long list, ten minutes at most. ``silent``: seconds since a count
    last differed.
    """
    return min(max(1.0, total / 20_000, silent / 20), 600.0)


def in_turn(lanes: Sequence[Sequence[Waiting]], *, taken: int) -> list[Waiting]:
    """Return everything that waits in the order in which it may go; the first lane goes first.

    Of ``TURNS`` in a row the last is the last lane's, the one before that the lane's before, and so
    on, while they have something. ``taken`` is how many went before, so that a row may be
    interrupted anywhere.
    """
    heads = [0] * len(lanes)
    total = sum(map(len, lanes))
    order: list[Waiting] = []
    while len(order) < total:
        place = (taken + len(order)) % TURNS
        owner = place - TURNS + len(lanes)  # whose turn it is; below 1 the first lane's
        waiting = [one for one, lane in enumerate(lanes) if heads[one] < len(lane)]
        lane = owner if owner > 0 and owner in waiting else waiting[0]
        order.append(lanes[lane][heads[lane]])
        heads[lane] += 1
    return order


def match_key(wa_id: str) -> str:
    """Return the form under which every spelling of one person's number is equal.

    Brazilian mobiles may come with or without the ninth digit, Argentinian ones with or without
    the 9 after 54, Mexican ones with or without the 1 after 52. Only these digits are dropped, and
    only where they are the optional ones: a Brazilian 9 before 2 to 5 is not, since without it the
    number would be somebody's landline.
    Source: developers.facebook.com/docs/whatsapp, read 2026-11.
    """
    if wa_id.startswith("55") and len(wa_id) == 13 and wa_id[4] == "9" and wa_id[5] in "6789":
        return wa_id[:4] + wa_id[5:]
    if wa_id.startswith("549") and len(wa_id) == 13:
        return "54" + wa_id[3:]
    if wa_id.startswith("521") and len(wa_id) == 13:
        return "52" + wa_id[3:]
    return wa_id


def opts_out_by_words(text: str) -> bool:
    """Tell whether a whole message says that its sender wants no more marketing."""
    return _plain(text) in _OPT_OUT_WORDS


def opts_in_by_words(text: str) -> bool:
    """Tell whether a whole message says that its sender wants marketing again."""
    return _plain(text) in _OPT_IN_WORDS


def opts_out_by_button(*words: str) -> bool:
    """Tell whether a button's label or payload says so."""
    return any(_plain(word.replace("_", " ")) in _OPT_OUT_BUTTONS for word in words)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .!\"'“”") if len(text) <= 100 else ""
