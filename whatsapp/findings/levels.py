"""How much a number may send, by Meta's words: messages a second, and people a day."""

import re

# A number's messages a second, by Meta's level.
RATES = {"STANDARD": 80, "HIGH": 1000}
# Of a number that the WhatsApp Business app is used with too, whatever the level says. Source:
# developers.facebook.com/docs/whatsapp/embedded-signup/custom-flows/onboarding-business-app-users,
# read 2026-11.
COEXISTENCE, COEXISTENCE_RATE = "COEXISTENCE", 20
TIERS = {
    250: "TIER_250",
    1000: "TIER_1K",
    2000: "TIER_2K",
    10_000: "TIER_10K",
    100_000: "TIER_100K",
    -1: "TIER_UNLIMITED",
}
# Also tiers of yesterday and tomorrow, and bare numbers.
_TIER = re.compile(r"(?:TIER_)?([0-9]{1,9})(K?)")


def customers_a_day(tier: str) -> str:
    """Return a tier's number: 2000 for TIER_2K; what is no tier of these as it is."""
    counts = {word: count for count, word in TIERS.items()}
    return str(counts.get(tier, tier))


def people_a_day(tier: str) -> int | None:
    """Return to how many people a day a tier lets one write first; None: to all, or not known."""
    found = _TIER.fullmatch(tier)
    return int(found[1]) * (1000 if found[2] else 1) if found else None


def rate(level: str, platform: str) -> int:
    """Return how many messages a second a number may send, by Meta's words; 80 if it has none."""
    if platform == COEXISTENCE:
        return COEXISTENCE_RATE
    return RATES.get(level, RATES["STANDARD"])
