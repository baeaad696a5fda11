"""What the console asks of the ledger."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from whatsapp.webhooks.models import MetaApp


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
