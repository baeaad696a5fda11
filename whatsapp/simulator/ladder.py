"""Which states a message to a customer will reach, and when the business hears of each."""

from dataclasses import dataclass
from random import Random

from whatsapp.simulator.settings import Settings

#: Between two webhooks of a shuffled ladder.
_SHUFFLED_GAP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """A state, in seconds after the acceptance: when it happens, and when its webhook leaves."""

    status: str
    happens: float
    leaves: float
    code: int = 0
    with_pricing: bool = False


def steps(
    settings: Settings, *, kind: str, random: Random, fail_code: int = 0, is_voice: bool = False
) -> list[Step]:
    """Return the ladder of one message of type ``kind``; ``fail_code`` ends it at once."""
    if settings.no_statuses:
        return []
    if fail_code or settings.fail_code:
        at = settings.sent_seconds
        return [Step("failed", at, at, code=fail_code or settings.fail_code)]
    names = _names(settings, kind=kind)
    if is_voice and settings.play_voice and "read" in names:
        names.append("played")
    moments = {
        "sent": 0.0 if settings.sent_before_answer else settings.sent_seconds,
        "delivered": settings.delivered_seconds,
        "read": settings.read_seconds,
        "played": settings.read_seconds,
    }
    # Meta prices `sent` and exactly one of `delivered` and `read`.
    priced = {"sent", "delivered" if "delivered" in names else "read"}
    climb = [Step(n, moments[n], moments[n], with_pricing=n in priced) for n in names]
    return _shuffled(climb, random) if settings.shuffle else climb


def _names(settings: Settings, *, kind: str) -> list[str]:
    if settings.stop_after_sent or kind == "reaction":
        return ["sent"]
    names = ["sent"]
    if not settings.skip_delivered:
        names.append("delivered")
    if not settings.never_read:
        names.append("read")
    return names


def _shuffled(climb: list[Step], random: Random) -> list[Step]:
    """Let every webhook wait for the last event, then leave in a random order."""
    last = max(step.happens for step in climb)
    order = random.sample(climb, len(climb))
    return [
        Step(s.status, s.happens, last + i * _SHUFFLED_GAP_SECONDS, with_pricing=s.with_pricing)
        for i, s in enumerate(order)
    ]
