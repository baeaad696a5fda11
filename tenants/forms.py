"""What people type in to be let in, and to let others and programs in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError
from tenants.models import Membership
from tenants.permissions import Scope

NETWORKS_MAX = 20


def tried(form: forms.Form, act: Callable[[], HttpResponse]) -> HttpResponse | None:
    """Act; None, and the sentence in the form, when that was refused."""
    try:
        return act()
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None


class LoginForm(forms.Form):
    """Shape only: whether the two fit is for the service to say, in one sentence for every case."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class KeyForm(forms.Form):
    """A key for a program. ``made_as`` makes a second click the same request."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What uses it, such as “Loja virtual”: shown beside what it sends."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(str(scope), scope.label) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Whoever may change something may read it, too; messages excepted."),
    )
    days = forms.TypedChoiceField(
        label=_("Valid"),
        choices=[
            ("", _("Until it is revoked")),
            ("30", _("30 days")),
            ("90", _("90 days")),
            ("365", _("One year")),
        ],
        coerce=int,
        empty_value=None,
        required=False,
    )
    networks = forms.CharField(
        label=_("From these addresses only"),
        max_length=1000,
        required=False,
        help_text=_("Addresses or networks, one a line: 203.0.113.7 or 203.0.113.0/24."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )
    made_as = forms.UUIDField(widget=forms.HiddenInput)

    def clean_networks(self) -> list[str]:
        networks = str(self.cleaned_data["networks"]).replace(",", " ").split()
        if len(networks) > NETWORKS_MAX:
            raise forms.ValidationError(_("20 networks are enough."))
        return networks

    def wanted(self, now: datetime) -> dict[str, Any]:
        """Return what the service is to make; a key's last day is a whole one.

        So a second click asks for the same.
        """
        data = dict(self.cleaned_data)
        days = data.pop("days")
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        expires_at = None if days is None else midnight + timedelta(days=days + 1)
        return {**data, "expires_at": expires_at, "made_as": str(data["made_as"])}


class InvitationForm(forms.Form):
    """Whom to ask in, and as what."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.OPERATOR
    )
    language = forms.ChoiceField(label=_("Language of the letter"), choices=settings.LANGUAGES)


class RoleForm(forms.Form):
    """What somebody may do."""

    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


class NewPasswordForm(forms.Form):
    """A password that somebody gives himself; whether it is good enough the service says."""

    password = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters, and none that many people use."),
    )


class NewPersonForm(NewPasswordForm):
    """Who comes in for the first time."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ("name", "password")


class ForgottenForm(forms.Form):
    """Whose password is forgotten."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class ChangePasswordForm(NewPasswordForm):
    """Another password, for whoever knows the one there is."""

    present = forms.CharField(
        label=_("Present password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("present", "password")


class NameForm(forms.Form):
    """How somebody is called."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class OwnPasswordForm(forms.Form):
    """The password of the account that is there already."""

    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
