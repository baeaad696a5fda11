"""What the pages of webhooks take."""

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.models import HookEvent
from tenants.addresses import URL_MAX_CHARACTERS


class EndpointForm(forms.Form):
    """An address, and what it is told."""

    url = forms.CharField(
        label=_("Address"),
        max_length=URL_MAX_CHARACTERS,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
        help_text=_("https, on the public internet, without a port."),
    )
    description = forms.CharField(
        label=_("What it is for"), max_length=120, required=False, empty_value=""
    )
    events = forms.MultipleChoiceField(
        label=_("What is told"),
        choices=HookEvent.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
    )


class ChangesForm(EndpointForm):
    """What may be changed of one; an empty address stays as it is, for its query is not shown."""

    url = forms.CharField(
        label=_("Another address"),
        max_length=URL_MAX_CHARACTERS,
        required=False,
        empty_value="",
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
        help_text=_("Leave it empty to keep the address."),
    )
    is_enabled = forms.BooleanField(label=_("Switched on"), required=False)


class ReplayForm(forms.Form):
    """Since when what was given up is sent again."""

    since = forms.DateField(
        label=_("Given up since"), widget=forms.DateInput(attrs={"type": "date"})
    )
