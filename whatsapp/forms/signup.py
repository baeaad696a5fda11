"""What the page with Meta's sign-up sends."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SignupForm(forms.Form):
    """A PIN of the admin's; the rest is filled in by the script, once Meta has told it."""

    pin = forms.RegexField(
        r"\A[0-9]{6}\Z",
        label=_("PIN"),
        help_text=_(
            "Six digits of your choice for the number's two-step verification; of a number that"
            " has one already, that one. Keep it. Not needed for a number that stays in the"
            " WhatsApp Business app."
        ),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    code = forms.CharField(max_length=2000, widget=forms.HiddenInput)
    waba_id = forms.CharField(max_length=40, widget=forms.HiddenInput)
    phone_number_id = forms.CharField(max_length=40, widget=forms.HiddenInput)
