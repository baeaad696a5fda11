"""The page's words, in English and Brazilian Portuguese."""

from whatsapp.simulator import words_en, words_pt
from whatsapp.simulator.number_strings import NUMBER_STRINGS

STRINGS: dict[str, dict[str, str]] = {
    "en": {**NUMBER_STRINGS["en"], **words_en.WORDS},
    "pt-BR": {**NUMBER_STRINGS["pt-BR"], **words_pt.WORDS},
}


def language_of(accept_language: str) -> str:
    """Return the best of the page's languages for an Accept-Language header."""
    for part in accept_language.split(","):
        name = part.partition(";")[0].strip().lower()
        if name.startswith("pt"):
            return "pt-BR"
        if name.startswith("en"):
            return "en"
    return "en"
