"""What the page of a template takes; Meta's rules are checked by the linter."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from whatsapp.models import MessageTemplate
from whatsapp.rendering import drafting
from whatsapp.rendering.drafting import Drafted
from whatsapp.services.templates import Errors

_KINDS = [
    ("", _("No button")),
    ("QUICK_REPLY", _("Quick reply")),
    ("URL", _("Link")),
    ("PHONE_NUMBER", _("Call")),
    ("COPY_CODE", _("Copy a code")),
]
_LONGEST = 4096  # of a field; the linter tells of Meta's limits


def _words(label: Any, *, rows: int = 0, help_text: Any = "", **attrs: Any) -> forms.CharField:
    attrs = {"dir": "auto", "maxlength": _LONGEST, **attrs}
    widget = forms.Textarea({"rows": rows, **attrs}) if rows else forms.TextInput(attrs)
    return forms.CharField(
        label=label, required=False, help_text=help_text, strip=False, widget=widget
    )


class TemplateForm(forms.Form):
    """A template of the common shape. ``is_known``: only its parts can be changed."""

    account = forms.ChoiceField(label=_("Business account"), required=False)
    name = _words(_("Name"), help_text=_("Lower-case letters, digits and underscores."))
    language = _words(_("Language"), help_text=_("Its code, as pt_BR or en."))
    category = forms.ChoiceField(
        label=_("Category"),
        required=False,
        # Codes have words of WhatsApp's own, and are made by the API.
        choices=[one for one in MessageTemplate.Category.choices if one[0] != "AUTHENTICATION"],
    )
    header = _words(_("Header"), help_text=_("60 characters, one variable at most; may be empty."))
    header_example = _words(_("Example for the header's variable"))
    body = _words(
        _("Text"),
        rows=6,
        help_text=_("Variables are {{1}}, {{2}} and so on, or words as {{first_name}}."),
    )
    body_examples = _words(
        _("Examples for the text's variables"), rows=3, help_text=_("One a line, in their order.")
    )
    footer = _words(_("Footer"), help_text=_("60 characters, no variables; may be empty."))

    def __init__(
        self, *args: Any, accounts: Sequence[str] = (), is_known: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if len(accounts) < 2:
            del self.fields["account"]
        else:
            account = self.fields["account"]
            assert isinstance(account, forms.ChoiceField)
            account.choices = [(one, one) for one in accounts]
        for name in ("name", "language", "category") if is_known else ():
            self.fields[name].disabled = True
        for row in range(1, drafting.BUTTONS_MAX + 1):
            self._add_button(row)

    def _add_button(self, row: int) -> None:
        key = f"button_{row}"
        self.fields[f"{key}_type"] = forms.ChoiceField(
            label=format_lazy(_("Button {row}"), row=row), required=False, choices=_KINDS
        )
        self.fields[f"{key}_text"] = _words(_("Label"))
        self.fields[f"{key}_value"] = _words(
            _("Link, number or code"), help_text=_("A link may end with a variable, as {{1}}.")
        )
        self.fields[f"{key}_example"] = _words(_("Example of the whole link"))

    @property
    def words(self) -> list[forms.BoundField]:
        """The fields above the buttons."""
        return [field for field in self.visible_fields() if not field.name.startswith("button_")]

    @property
    def buttons(self) -> list[list[forms.BoundField]]:
        """The fields of each button."""
        rows = range(1, drafting.BUTTONS_MAX + 1)
        return [[self[f"button_{row}_{name}"] for name in _PARTS] for row in rows]

    def drafted(self) -> Drafted:
        """Return the template that the fields make."""
        return drafting.draft(
            {
                name: str(value or "").replace("\r\n", "\n")
                for name, value in self.cleaned_data.items()
            }
        )

    def refuse(self, drafted: Drafted, errors: Errors) -> None:
        """Put each finding beside the field that it is about."""
        for place, sentence, _code in errors:
            name = drafted.field_of(place)
            self.add_error(name if name in self.fields else None, sentence)


_PARTS = ("type", "text", "value", "example")


class DeleteForm(forms.Form):
    """How much of a name goes."""

    languages = forms.ChoiceField(choices=[("own", ""), ("all", "")])
