"""What an admin decides for a number."""

from django import forms
from django.utils.translation import gettext_lazy as _

from whatsapp.models import Phone


class ChoicesForm(forms.Form):
    """How the team calls a number, and when customers see that their messages were read."""

    name = forms.CharField(
        label=_("Name"), help_text=_("How your team calls the number."), max_length=120
    )
    read_policy = forms.ChoiceField(choices=Phone.ReadPolicy.choices)
