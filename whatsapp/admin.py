"""Numbers: connected to a tenant here, and let go of again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from tenants import sealing
from tenants.console import TENANT_FILTER, ConsoleAdmin, ConsoleRequest, adopt, day, require
from whatsapp.services import numbers
from whatsapp.webhooks.models import PhoneRoute


class NumberForm(forms.ModelForm):
    """A number; its token can be given, never read."""

    name = forms.CharField(
        label=_("Display name"), max_length=120, widget=UnfoldAdminTextInputWidget, required=False
    )
    access_token = forms.CharField(
        label=_("New access token"),
        required=False,
        max_length=2048,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Of a system user, without an end. Empty: it stays as it is."),
    )

    class Meta:
        model = PhoneRoute
        fields = ("tenant", "app", "phone_number_id", "waba_id", "display_phone_number")


@admin.register(PhoneRoute)
class PhoneRouteAdmin(ConsoleAdmin):
    form = NumberForm
    list_display = ("display_phone_number", "phone_number_id", "waba_id", "tenant", "app")
    list_filter = (TENANT_FILTER,)
    list_select_related = ("tenant", "app")
    search_fields = ("=phone_number_id", "=waba_id", "display_phone_number")
    ordering = ("tenant__name", "display_phone_number")
    autocomplete_fields = ("tenant", "app")
    actions = ("release",)
    actions_detail = ("release_one",)
    known = ("tenant", "app", "phone_number_id", "waba_id", "display_phone_number")

    def get_fields(self, request: ConsoleRequest, obj: PhoneRoute | None = None) -> Any:
        if obj is None:
            return (*self.known, "name", "access_token")
        return (*self.known, "created_at", "token_state", "access_token")

    def get_readonly_fields(self, request: ConsoleRequest, obj: PhoneRoute | None = None) -> Any:
        return () if obj is None else (*self.known, "created_at", "token_state")

    def get_form(self, request: ConsoleRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj is None:
            require(form, "access_token", _("Access token"))
        return form

    @display(description=_("access token"))
    def token_state(self, route: PhoneRoute) -> str:
        sealed = numbers.token_of(route=route)
        try:
            return gettext("set on %(date)s") % {"date": day(sealing.sealed_at(sealed))}
        except sealing.SealBrokenError:
            return gettext("none")

    def save_model(self, request: ConsoleRequest, obj: PhoneRoute, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        data = form.cleaned_data
        if not change:
            adopt(obj, numbers.connect(actor=request.user, **data))
        elif data["access_token"]:
            numbers.replace_token(actor=request.user, route=obj, access_token=data["access_token"])

    @admin.action(description=_("Release"))
    def release(self, request: ConsoleRequest, chosen: QuerySet[PhoneRoute]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="release", **self._release(request))

    @action(description=_("Release"), icon="link_off", url_path="release")
    def release_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, gone=True, **self._release(request))

    def _release(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("Release? Its events are nobody's; the conversations stay."),
            "act": lambda route, reason: numbers.release(
                actor=request.user, route=route, reason=reason
            ),
            "danger": True,
        }
