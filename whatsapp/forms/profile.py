"""What the page of a number's business profile takes; Meta's limits are checked by the service."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from whatsapp.limits import profile as limits
from whatsapp.models import BusinessProfile
from whatsapp.services.profiles import ProfileInvalidError

_TEXTS = ("about", "description", "address", "email", "vertical")


def _text(label: Any, most: int, *, rows: int = 0, **attrs: Any) -> forms.CharField:
    attrs = {"dir": "auto", "maxlength": most, **attrs}
    widget = forms.Textarea({"rows": rows, **attrs}) if rows else forms.TextInput(attrs)
    help_text = format_lazy(_("Up to {most} characters."), most=most)
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class ProfileForm(forms.Form):
    """A whole profile, as the page shows it."""

    about = _text(_("About"), limits.ABOUT_MAX_CHARACTERS)
    description = _text(_("Description"), limits.DESCRIPTION_MAX_CHARACTERS, rows=4)
    address = _text(_("Address"), limits.ADDRESS_MAX_CHARACTERS)
    email = _text(_("E-mail"), limits.EMAIL_MAX_CHARACTERS, inputmode="email")
    website_1 = _text(_("Website"), limits.WEBSITE_MAX_CHARACTERS, inputmode="url")
    website_2 = _text(_("Second website"), limits.WEBSITE_MAX_CHARACTERS, inputmode="url")
    vertical = forms.ChoiceField(
        label=_("Trade"), required=False, choices=BusinessProfile.Vertical.choices
    )

    def changes(self, profile: BusinessProfile | None) -> dict[str, Any]:
        """Return, in Meta's words, what is not as ``profile`` has it."""
        data = dict(self.cleaned_data)
        wanted = {
            **{name: data[name] for name in _TEXTS},
            "websites": [site for site in (data["website_1"], data["website_2"]) if site],
        }
        known = profile or BusinessProfile(websites=[])
        return {name: value for name, value in wanted.items() if value != getattr(known, name)}

    def refuse(self, refusal: ProfileInvalidError) -> None:
        """Put each sentence beside the field that it is about."""
        for path, sentence, _code in refusal.context["errors"]:
            name = path[0] if path else None
            if name == "websites":
                given = [n for n in ("website_1", "website_2") if self.cleaned_data.get(n)]
                name = given[path[1]] if len(path) > 1 else "website_1"
            self.add_error(name, sentence)


def filled(profile: BusinessProfile | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows at first: the profile with changes that are on their way."""
    known = profile or BusinessProfile(websites=[])
    shown = {name: getattr(known, name) for name in (*_TEXTS, "websites")} | dict(changes)
    sites = [*shown.pop("websites"), "", ""]
    return {**shown, "website_1": sites[0], "website_2": sites[1]}
