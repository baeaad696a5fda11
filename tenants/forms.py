"""What people type in to be let in."""

from django import forms
from django.utils.translation import gettext_lazy as _


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
