"""People and where they work."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminPasswordWidget

from tenants.console import TENANT_FILTER, ConsoleAdmin, ConsoleRequest, adopt, require
from tenants.models import Membership, User
from tenants.services import people, second_factor


class PersonForm(forms.ModelForm):
    """An account. A password can be given, never read."""

    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Ends every session of this person. Empty: it stays as it is."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_superuser")


@admin.register(User)
class UserAdmin(ConsoleAdmin):
    form = PersonForm
    list_display = ("email", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "is_superuser", "new_password", "is_active", "last_login")
    readonly_fields = ("is_active", "last_login")
    actions = ("deactivate", "reactivate")
    actions_detail = ("deactivate_one", "reactivate_one", "forget_second_factor")

    def get_form(self, request: ConsoleRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj is None:
            require(form, "new_password", _("Password"))
        return form

    def get_readonly_fields(self, request: ConsoleRequest, obj: User | None = None) -> Any:
        return self.readonly_fields

    def save_model(self, request: ConsoleRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        actor, data = request.user, form.cleaned_data
        if not change:
            made = people.create_user(
                actor=actor,
                email=data["email"],
                name=data["name"],
                password=data["new_password"],
                is_superuser=data["is_superuser"],
            )
            adopt(obj, made)
            return
        people.change_user(actor=actor, user=obj, email=data["email"], name=data["name"])
        people.set_super_admin(actor=actor, user=obj, is_superuser=data["is_superuser"])
        if data["new_password"]:
            people.set_password(actor=actor, user=obj, password=data["new_password"])

    @admin.action(description=_("Deactivate"))
    def deactivate(self, request: ConsoleRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="deactivate", **self._deactivation(request))

    @admin.action(description=_("Reactivate"))
    def reactivate(self, request: ConsoleRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="reactivate", **self._reactivation(request))

    @action(description=_("Deactivate"), icon="person_off", url_path="deactivate")
    def deactivate_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, **self._deactivation(request))

    @action(description=_("Reactivate"), icon="person_check", url_path="reactivate")
    def reactivate_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, **self._reactivation(request))

    @action(description=_("Forget second factor"), icon="phonelink_erase", url_path="forget-factor")
    def forget_second_factor(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(
            request,
            object_id,
            question=gettext("Forget the second factor? The next sign-in enrolls a new one."),
            act=lambda user, reason: second_factor.forget(
                actor=request.user, user=user, reason=reason
            ),
            danger=True,
        )

    def _deactivation(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("Deactivate? Every session ends at once; what they wrote stays."),
            "act": lambda user, reason: people.deactivate(
                actor=request.user, user=user, reason=reason
            ),
            "danger": True,
        }

    def _reactivation(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("Let these people sign in again?"),
            "act": lambda user, reason: people.reactivate(
                actor=request.user, user=user, reason=reason
            ),
        }


@admin.register(Membership)
class MembershipAdmin(ConsoleAdmin):
    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("role", TENANT_FILTER)
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "user__name", "tenant__name")
    ordering = ("tenant__name", "user__email")
    autocomplete_fields = ("user", "tenant")
    fields = ("user", "tenant", "role", "created_at")
    readonly_fields = ("created_at",)
    actions = ("remove",)
    actions_detail = ("remove_one",)

    def get_readonly_fields(self, request: ConsoleRequest, obj: Membership | None = None) -> Any:
        return ("created_at",) if obj is None else ("user", "tenant", "created_at")

    def get_fields(self, request: ConsoleRequest, obj: Membership | None = None) -> Any:
        return self.fields[:3] if obj is None else self.fields

    def save_model(self, request: ConsoleRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        data = form.cleaned_data
        if change:
            people.set_role(actor=request.user, membership=obj, role=data["role"])
        else:
            adopt(obj, people.add_membership(actor=request.user, **data))

    @admin.action(description=_("Remove from the tenant"))
    def remove(self, request: ConsoleRequest, chosen: QuerySet[Membership]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="remove", **self._removal(request))

    @action(description=_("Remove from the tenant"), icon="group_remove", url_path="remove")
    def remove_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, gone=True, **self._removal(request))

    def _removal(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("Remove from the tenant? What they wrote there stays."),
            "act": lambda membership, reason: people.remove_membership(
                actor=request.user, membership=membership, reason=reason
            ),
            "danger": True,
        }
