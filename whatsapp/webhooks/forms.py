"""The console's forms of Meta apps, the ledger and parked units."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
)

from tenants.console import ReasonForm
from whatsapp.webhooks.models import MetaApp, PhoneRoute


def secret_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=512,
        help_text=help_text,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )


class MetaAppForm(forms.ModelForm):
    """An app; its secrets can be given, never read."""

    app_secret = secret_field(
        _("New app secret"),
        _("The one before keeps opening what Meta signed with it. Empty: it stays as it is."),
    )
    verify_token = secret_field(_("New verify token"), _("Empty: it stays as it is."))

    class Meta:
        model = MetaApp
        fields = ("name", "app_id", "tenant", "is_active")


def _day() -> UnfoldAdminSingleDateWidget:
    # The browser's own field takes this form only, whatever the language of the page.
    return UnfoldAdminSingleDateWidget(attrs={"type": "date"}, format="%Y-%m-%d")


class LedgerForm(forms.Form):
    """Some days, both included, and one app or all."""

    first = forms.DateField(label=_("From"), widget=_day())
    last = forms.DateField(label=_("To"), widget=_day())
    app = forms.ModelChoiceField(
        label=_("Meta app"),
        queryset=MetaApp.objects.order_by("name"),
        required=False,
        empty_label=_("All"),
        widget=UnfoldAdminSelectWidget(),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            self.add_error("last", gettext("The last day comes before the first."))
        return data

    def wanted(self) -> dict[str, Any]:
        """Return what ``ledger.of`` takes."""
        app = self.cleaned_data["app"]
        return {
            "first": self.cleaned_data["first"],
            "last": self.cleaned_data["last"],
            "app_id": app and app.pk,
        }


class RouteForm(ReasonForm):
    """The number that a unit of an unknown one is for, and why."""

    field_order = ("route", "reason")
    route = forms.ModelChoiceField(
        label=_("Number"),
        queryset=PhoneRoute.objects.select_related("tenant").order_by("tenant__name", "pk"),
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["route"]
        choices.label_from_instance = lambda route: f"{route.tenant} · {route}"
