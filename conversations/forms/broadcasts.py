"""What the pages of broadcasts may carry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.forms.inbox import SEARCH_MAX_CHARACTERS, phone_label
from conversations.models import BroadcastSource, Conversation
from conversations.services import template_sending
from conversations.services.broadcasts import choosing
from conversations.services.broadcasts.choosing import Choice
from conversations.services.template_sending import HEADER_FILE
from whatsapp.limits import media
from whatsapp.models import MessageTemplate, Phone
from whatsapp.rendering import Field

_ASK_TEXT = _("Choose a column, or write the text.")
_ASK_FILE = _("Choose a file, or give a link.")


class PeopleForm(forms.Form):
    """Which contacts of the inbox are meant; whatever is left empty leaves nobody out."""

    q = forms.CharField(
        label=_("Only whose name or number contains"),
        required=False,
        max_length=SEARCH_MAX_CHARACTERS,
    )
    marketing = forms.ChoiceField(
        label=_("Marketing"),
        required=False,
        choices=[
            ("", _("Whatever they said about it")),
            (choosing.Marketing.NOT_STOPPED.value, _("Only who has not stopped it")),
            (choosing.Marketing.AGREED.value, _("Only who has agreed to it")),
        ],
    )
    statuses = forms.MultipleChoiceField(
        label=_("Only with a conversation that is"),
        required=False,
        choices=Conversation.Status.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    wrote_within_days = forms.IntegerField(
        label=_("Only who wrote within so many days"),
        required=False,
        min_value=1,
        max_value=choosing.DAYS_MAX,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )

    def choice(self) -> Choice:
        """Return what a valid form asks for."""
        data = self.cleaned_data
        return Choice(
            q=data["q"],
            marketing=data["marketing"],
            statuses=tuple(data["statuses"]),
            wrote_within_days=data["wrote_within_days"],
        )


class BroadcastForm(PeopleForm):
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
    """Which column has the numbers, and what fills each field: a column, or a text for all.

    The header's file is uploaded beside it; what is refused of it is ``refusal``.
    """

    def __init__(
        self,
        *args: Any,
        fields: Sequence[Field],
        columns: Sequence[str],
        shape: str = "",
        refusal: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._asked, self._shape, self._refusal = fields, shape.lower(), refusal
        choices = [(column, column) for column in columns]
        self.fields["number"] = forms.ChoiceField(label=_("The numbers"), choices=choices)
        for_all = _("The text for all")
        for field in fields:
            label = template_sending.label(field)
            is_file = field.key == HEADER_FILE
            same = _("The same for all") if is_file else _("The same text for all")
            self.fields[f"column.{field.key}"] = forms.ChoiceField(
                label=label, required=False, choices=[("", same), *choices]
            )
            longest = 2048 if field.kind == "media" else field.max_characters
            self.fields[f"text.{field.key}"] = forms.CharField(
                label=_("A link for all, or a file") if is_file else for_all,
                required=False,
                max_length=longest,
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
                "takes_file": field.key == HEADER_FILE,
                "accept": ",".join(sorted(media.TYPES.get(self._shape, ()))),
            }
            for field in self._asked
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for field in self._asked:
            text, column = data.get(f"text.{field.key}"), data.get(f"column.{field.key}")
            is_file = field.key == HEADER_FILE
            if is_file and self._refusal:
                self.refuse_file(self._refusal)
            elif field.is_required and not text and not column:
                self.add_error(f"text.{field.key}", _ASK_FILE if is_file else _ASK_TEXT)
        return data

    def refuse_file(self, sentence: str) -> None:
        """Say beside the header's file why it will not do."""
        self.add_error(f"text.{HEADER_FILE}", sentence)

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
