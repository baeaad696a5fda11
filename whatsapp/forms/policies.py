"""What an admin decides for a number."""

from django import forms

from whatsapp.models import Phone


class ReadPolicyForm(forms.Form):
    """When customers see that their messages were read."""

    read_policy = forms.ChoiceField(choices=Phone.ReadPolicy.choices)
