"""Values that pages and the API show and no table holds."""

from dataclasses import dataclass

from django.utils.translation import gettext, pgettext_lazy

from whatsapp.errors import Failure, Whose

WHOSE_LABELS = {
    Whose.US: pgettext_lazy("whose matter a failure is", "You"),
    Whose.CUSTOMER: pgettext_lazy("whose matter a failure is", "The customer"),
    Whose.WHATSAPP: pgettext_lazy("whose matter a failure is", "WhatsApp"),
    Whose.SETUP: pgettext_lazy("whose matter a failure is", "An admin"),
}


@dataclass(frozen=True, slots=True)
class FailureNote:
    """Why a message was not sent, in the reader's language."""

    code: int | None
    title: str
    detail: str  # Meta's own words, or ours translated; for experts
    whose: str  # errors.Whose
    whose_label: str
    action: str
    may_send_again: bool


def failure_note(failure: Failure, detail: str) -> FailureNote:
    """Translate a failure's sentences into the active language."""
    return FailureNote(
        code=failure.code,
        title=gettext(failure.title),
        # Reasons of our own are stored in English and are in the catalogue; Meta's pass unchanged.
        detail=gettext(detail) if detail else "",
        whose=failure.whose.value,
        whose_label=str(WHOSE_LABELS[failure.whose]),
        action=gettext(failure.action),
        may_send_again=failure.may_help,
    )
