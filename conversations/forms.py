"""What the inbox's addresses and forms may carry."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.models import BroadcastSource
from conversations.selectors import Position
from conversations.services import template_sending
from tenants.errors import DomainError
from whatsapp.models import MessageTemplate, Phone
from whatsapp.rendering import Field

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


class BroadcastForm(forms.Form):
    """What goes to many: which template, from which number, to which list."""

    Kind = BroadcastSource.Kind

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For your team; customers do not see it.")
    )
    phone = forms.TypedChoiceField(label=_("Send from"))
    template = forms.TypedChoiceField(label=_("Template"))
    kind = forms.ChoiceField(
        label=_("To whom"),
        choices=[
            (Kind.FILE.value, _("A list of my own (CSV)")),
            (Kind.CONTACTS.value, _("Contacts of the inbox")),
        ],
        initial=Kind.FILE.value,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(label=_("The list"), required=False, allow_empty_file=True)
    q = forms.CharField(
        label=_("Only whose name or number contains"),
        required=False,
        max_length=SEARCH_MAX_CHARACTERS,
    )

    def __init__(
        self,
        *args: Any,
        phones: Iterable[Phone],
        templates: Iterable[MessageTemplate],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        numbers = {str(phone.pk): phone for phone in phones}
        known = {str(template.pk): template for template in templates}
        names = {pk: phone_label(phone) for pk, phone in numbers.items()}
        self._offer("phone", numbers, names)
        self._offer(
            "template", known, {pk: f"{one.name} ({one.language})" for pk, one in known.items()}
        )

    def _offer(self, name: str, known: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = list(labels.items())
        field.coerce = known.__getitem__

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == self.Kind.FILE and not data.get("file"):
            self.add_error("file", _("Choose the file with the list."))
        phone, template = data.get("phone"), data.get("template")
        if phone and template and phone.waba_id != template.waba_id:
            self.add_error("template", _("This number has no template of that name and language."))
        return data


class ColumnsForm(forms.Form):
    """Which column has the numbers, and what fills each field: a column, or a text for all."""

    def __init__(
        self, *args: Any, fields: Sequence[Field], columns: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._asked = fields
        choices = [(column, column) for column in columns]
        self.fields["number"] = forms.ChoiceField(label=_("The numbers"), choices=choices)
        for field in fields:
            label = template_sending.label(field)
            self.fields[f"column.{field.key}"] = forms.ChoiceField(
                label=label, required=False, choices=[("", _("The same text for all")), *choices]
            )
            longest = 2048 if field.kind == "media" else field.max_characters
            self.fields[f"text.{field.key}"] = forms.CharField(
                label=_("The text for all"), required=False, max_length=longest
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What the page shows of each field of the template."""
        return [
            {
                "column": self[f"column.{field.key}"],
                "text": self[f"text.{field.key}"],
                "example": field.example,
                "is_required": field.is_required,
            }
            for field in self._asked
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for field in self._asked:
            text, column = data.get(f"text.{field.key}"), data.get(f"column.{field.key}")
            if field.is_required and not text and not column:
                self.add_error(f"text.{field.key}", _("Choose a column, or write the text."))
        return data

    @property
    def number_column(self) -> str:
        """Return the chosen column of numbers."""
        return str((self.cleaned_data if self.is_bound else self.initial).get("number", ""))

    def values(self) -> dict[str, dict[str, str]]:
        """Return what was chosen so far, by the fields' keys."""
        found: dict[str, dict[str, str]] = {}
        chosen = self.cleaned_data if self.is_bound else self.initial
        for field in self._asked:
            column, text = chosen.get(f"column.{field.key}"), chosen.get(f"text.{field.key}")
            if column or text:
                found[field.key] = {"column": column} if column else {"text": str(text)}
        return found


class BroadcastRowsForm(forms.Form):
    """Which rows of a list are shown, and after which one."""

    state = forms.CharField(required=False, max_length=20)
    reason = forms.CharField(required=False, max_length=20)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class TestSendForm(forms.Form):
    """Whom a broadcast's first message goes to, to be looked at."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    number = forms.CharField(
        label=_("Your own number"),
        max_length=40,
        widget=forms.TextInput(
            {"type": "tel", "autocomplete": "tel", "placeholder": "+55 11 91234-5678"}
        ),
    )
