"""What the inbox's addresses and forms may carry."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.listing import Choice
from conversations.types import Position
from tenants.errors import DomainError
from whatsapp.models import Phone

ID_MAX = 2**63 - 1
SEARCH_MAX_CHARACTERS = 200

_Form = TypeVar("_Form", bound=forms.Form)


class BadInputError(DomainError):
    code = "invalid"
    http_status = 400
    message = _("This address or form is not complete. Please reload the page.")


def valid(form: _Form) -> dict[str, Any]:
    """Return a form's values. Raises: BadInputError: no page of ours sends another form."""
    if not form.is_valid():
        raise BadInputError
    return form.cleaned_data


class PositionField(forms.CharField):
    """A keyset cursor: ``<microseconds since 1970>.<id>``."""

    def clean(self, value: Any) -> Position | None:
        text = super().clean(value)
        if not text:
            return None
        moment, _dot, pk = text.partition(".")
        try:
            at = datetime.fromtimestamp(int(moment) / 1_000_000, tz=UTC)
            position = Position(at=at, pk=int(pk))
        except (ValueError, OverflowError, OSError):
            raise forms.ValidationError(_("This address is not complete.")) from None
        if not 0 <= position.pk <= ID_MAX:
            raise forms.ValidationError(_("This address is not complete."))
        return position


def cursor(at: datetime | None, pk: int) -> str:
    """Write a position as PositionField reads it."""
    if at is None:
        return ""
    return f"{round(at.timestamp() * 1_000_000)}.{pk}"


class ListForm(forms.Form):
    """Which conversations the list shows."""

    q = forms.CharField(required=False, max_length=SEARCH_MAX_CHARACTERS)
    unread = forms.BooleanField(required=False)
    before = PositionField(required=False, max_length=60)


def choice(data: dict[str, Any]) -> Choice:
    """Return what a list's form chooses."""
    return Choice(search=data["q"], unread_only=data["unread"])


class ThreadForm(forms.Form):
    """Which part of a thread is shown: the newest, or what stands before a position."""

    until = PositionField(required=False, max_length=60)
    reply = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)


class ChangesForm(ListForm):
    """What a page has drawn already, and what it has open."""

    after = forms.IntegerField(min_value=0, max_value=ID_MAX)
    open = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)


class ReplyForm(forms.Form):
    """A reply; whether its text will do is for the service to say."""

    text = forms.CharField(required=False, strip=False)
    client_id = forms.UUIDField()
    seen = forms.IntegerField(required=False, min_value=0, max_value=ID_MAX)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)
    force = forms.BooleanField(required=False)

    def clean_text(self) -> str:
        # Browsers send line ends as CR LF; the customer's phone would show two.
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")


class StartForm(forms.Form):
    """Whom to write to, and from which of our numbers."""

    number = forms.CharField(
        label=_("The customer's number"),
        max_length=40,
        help_text=_("Without a plus sign and a country's code it is a number of your own country."),
        widget=forms.TextInput(
            {"type": "tel", "autocomplete": "off", "placeholder": "+55 11 91234-5678"}
        ),
    )
    phone = forms.TypedChoiceField(label=_("Write from"))

    def __init__(self, *args: Any, phones: Iterable[Phone], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {str(phone.pk): phone for phone in phones}
        field = self.fields["phone"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(pk, phone_label(phone)) for pk, phone in known.items()]
        field.coerce = known.__getitem__


def phone_label(phone: Phone) -> str:
    """Name one of our numbers."""
    number = phone.display_phone_number
    return f"{phone.name} ({number})" if phone.name else number


class FilesForm(forms.Form):
    """What goes with files; the files themselves are looked at by the service."""

    client_id = forms.UUIDField()
    caption = forms.CharField(required=False)
    as_document = forms.BooleanField(required=False)
    voice = forms.BooleanField(required=False)
    seen = forms.IntegerField(required=False, min_value=0, max_value=ID_MAX)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)
    force = forms.BooleanField(required=False)


class SendAgainForm(forms.Form):
    """The new attempt's id, so that a double click makes one."""

    client_id = forms.UUIDField()


class ReadForm(forms.Form):
    """How far the page was read."""

    up_to = forms.IntegerField(min_value=0, max_value=ID_MAX)


class NumberForm(forms.Form):
    """Which of the business's numbers is meant; the only one where none is named."""

    phone = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)


class ConsentForm(forms.Form):
    """What a customer told the team about marketing, and how."""

    STOP, RESUME = "STOP", "RESUME"

    value = forms.ChoiceField(choices=[(STOP, STOP), (RESUME, RESUME)])
    note = forms.CharField(required=False)
