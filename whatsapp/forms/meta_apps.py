"""What the pages about a tenant's own Meta apps take."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from whatsapp.webhooks.models import MetaApp, PhoneRoute

SECRET_MAX_CHARACTERS = 512


def _secret(**more: Any) -> forms.CharField:
    """A field whose content is never drawn again, and that no browser fills in."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(max_length=SECRET_MAX_CHARACTERS, strip=True, widget=widget, **more)


class NewAppForm(forms.Form):
    """An app, with what Meta shows in its basic settings."""

    name = forms.CharField(label=_("Name"), max_length=120)
    app_id = forms.RegexField(
        r"\A[0-9]{5,40}\Z",
        label=_("App id"),
        strip=True,
        error_messages={"invalid": _("Meta's app ids have digits only.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    app_secret = _secret(
        label=_("App secret"),
        help_text=_("In your app at Meta: App settings, Basic. It is sealed, and never shown."),
    )


class AppForm(forms.Form):
    """What may be changed of an app besides its secrets."""

    name = forms.CharField(label=_("Name"), max_length=120)
    is_active = forms.BooleanField(
        label=_("Take what this app brings"),
        required=False,
    )


class SecretForm(forms.Form):
    """A new app secret."""

    app_secret = _secret(
        label=_("New app secret"),
        help_text=_("The one before counts for seven days more: for what Meta still has to bring."),
    )


class NumberAppForm(forms.Form):
    """Which app brings a number's events; empty: the installation's."""

    app = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


def number_choices(route: PhoneRoute, apps: list[MetaApp]) -> list[tuple[str, str, bool]]:
    """Return the apps that a number may be on: value, label, and whether it is on it."""
    own = [(str(app.pk), app.name, route.app_id == app.pk) for app in apps]
    return [("", str(_("The app of this installation")), route.app.tenant_id is None), *own]
