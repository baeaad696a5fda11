"""Meta apps and their secrets, which go in and never come out."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants import sealing
from tenants.console import ConsoleAdmin, ConsoleRequest, adopt, day, require
from whatsapp.webhooks.forms import MetaAppForm
from whatsapp.webhooks.models import MetaApp
from whatsapp.webhooks.services import apps


@admin.register(MetaApp)
class MetaAppAdmin(ConsoleAdmin):
    form = MetaAppForm
    list_display = ("name", "app_id", "tenant", "is_active", "webhook_path")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("name", "=app_id")
    ordering = ("name",)
    autocomplete_fields = ("tenant",)
    actions_detail = ("forget_previous",)
    fields = (
        "name",
        "app_id",
        "tenant",
        "is_active",
        "webhook_path",
        "secret_state",
        "app_secret",
        "token_state",
        "verify_token",
    )

    def get_fields(self, request: ConsoleRequest, obj: MetaApp | None = None) -> Any:
        new = ("name", "app_id", "tenant", "app_secret", "verify_token")
        return new if obj is None else self.fields

    def get_readonly_fields(self, request: ConsoleRequest, obj: MetaApp | None = None) -> Any:
        states = ("webhook_path", "secret_state", "token_state")
        return () if obj is None else ("app_id", "tenant", *states)

    def get_form(self, request: ConsoleRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj is None:
            require(form, "app_secret", _("App secret"))
            require(form, "verify_token", _("Verify token"))
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[MetaApp]:
        return super().get_queryset(request).filter(removed_at=None)

    @display(description=_("webhook path"))
    def webhook_path(self, app: MetaApp) -> str:
        own = "" if app.tenant_id is None else f"apps/{app.app_key}"
        return f"/webhook/whatsapp/{own}"

    @display(description=_("app secret"))
    def secret_state(self, app: MetaApp) -> str:
        state = _state(app, "app_secret")
        if app.previous_secret_sealed:
            state += " · " + gettext("the one before is still taken")
        return state

    @display(description=_("verify token"))
    def token_state(self, app: MetaApp) -> str:
        return _state(app, "verify_token")

    def save_model(self, request: ConsoleRequest, obj: MetaApp, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        actor, data = request.user, form.cleaned_data
        if not change:
            adopt(obj, apps.register_app(actor=actor, **data))
            return
        apps.change_app(actor=actor, app=obj, name=data["name"], is_active=data["is_active"])
        if data["app_secret"]:
            apps.rotate_secret(actor=actor, app=obj, app_secret=data["app_secret"])
        if data["verify_token"]:
            apps.set_verify_token(actor=actor, app=obj, verify_token=data["verify_token"])

    @action(description=_("Forget the secret before"), icon="key_off", url_path="forget-previous")
    def forget_previous(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(
            request,
            object_id,
            question=gettext("Refuse what the secret before the rotation signed, from now on?"),
            act=lambda app, reason: apps.forget_previous_secret(
                actor=request.user, app=app, reason=reason
            ),
            danger=True,
        )


def _state(app: MetaApp, column: str) -> str:
    """Say of a secret what may be said."""
    value = apps.opened(app=app, column=column)
    if value is None:
        return gettext("Sealed with a key that is not in FIELD_KEYS: give a new one")
    when = day(sealing.sealed_at(getattr(app, f"{column}_sealed")))
    if column == "verify_token":  # may be too short to show any of it
        return gettext("set on %(date)s") % {"date": when}
    return gettext("set on %(date)s, ends with …%(end)s") % {"date": when, "end": value[-4:]}
