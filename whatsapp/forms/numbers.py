"""What the pages about numbers take; the service and Meta check the rest."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from whatsapp.webhooks.models import MetaApp

TOKEN_MAX_CHARACTERS = 2048
_DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


def _meta_id(label: Any, help_text: Any) -> forms.RegexField:
    return forms.RegexField(
        r"\A[0-9]{5,40}\Z",
        label=label,
        help_text=help_text,
        strip=True,
        error_messages={"invalid": _("Meta's ids have digits only.")},
        widget=forms.TextInput(attrs=_DIGITS),
    )


def _token(help_text: Any) -> forms.CharField:
    """A field whose content is never drawn again, and that no browser fills in."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=_("Access token"),
        help_text=help_text,
        max_length=TOKEN_MAX_CHARACTERS,
        strip=True,
        widget=widget,
    )


class ConnectForm(forms.Form):
    """A number to connect, with what Meta shows of it."""

    phone_number_id = _meta_id(
        _("Phone number id"), _("In the Meta app: WhatsApp, API setup. Not the number itself.")
    )
    waba_id = _meta_id(
        _("WhatsApp Business account id"), _("On the same page, below the phone number id.")
    )
    access_token = _token(
        _(
            "Of a system user, with whatsapp_business_management and whatsapp_business_messaging."
            " It is sealed, and never shown."
        )
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("How your team calls the number; else its display name."),
        max_length=120,
        required=False,
    )
    pin = forms.RegexField(
        r"\A[0-9]{6}\Z",
        label=_("PIN"),
        help_text=_(
            "Only if the number is not registered on the Cloud API yet: six digits, new ones if it"
            " never had a PIN. Keep them."
        ),
        required=False,
        error_messages={"invalid": _("The PIN has six digits.")},
        widget=forms.TextInput(attrs={**_DIGITS, "maxlength": "6"}),
    )
    app_id = forms.TypedChoiceField(
        label=_("Meta app"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, apps: list[MetaApp], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("The app of this installation")), *((app.pk, app.name) for app in apps)]
        self.fields["app_id"].choices = choices  # type: ignore[attr-defined]
        if not apps:
            del self.fields["app_id"]


class TokenForm(forms.Form):
    """A new token for a number."""

    access_token = _token(_("It counts once WhatsApp has confirmed it; until then the old one."))
