"""Tenants and plans."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.console import ConsoleAdmin, ConsoleRequest, ReasonForm, adopt
from tenants.models import Membership, Plan, SupportAccess, Tenant
from tenants.services import support, tenancy, usage

_LIMITS = ("messages_per_second", "messages_per_month", "requests_per_hour")
# Whose schemas are whole.
COUNTED = {Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED, Tenant.Status.CANCELLED}
COLORS = {
    Tenant.Status.ACTIVE: "success",
    Tenant.Status.SUSPENDED: "warning",
    Tenant.Status.BROKEN: "danger",
}


class NewTenantForm(forms.ModelForm):
    """A tenant and the person who opens it."""

    admin_email = forms.EmailField(
        label=_("E-mail of the first admin"), widget=UnfoldAdminEmailInputWidget
    )
    admin_name = forms.CharField(
        label=_("Name of the first admin"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    admin_password = forms.CharField(
        label=_("First password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it and the name empty for an address that has an account already."),
    )

    class Meta:
        model = Tenant
        fields = ("name", "subdomain", "plan")


class SupportForm(ReasonForm):
    """Why a super-admin looks into a tenant, and how far he may go there."""

    field_order = ("role", "reason")
    role = forms.ChoiceField(
        label=_("Level"),
        choices=SupportAccess.Level.choices,
        initial=SupportAccess.Level.VIEWER,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "The tenant's admins read it, and it stays in the audit log: name no customer in it."
        )


class MembershipInline(TabularInline):
    """Who works there: to look at; memberships have a page of their own."""

    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    extra = 0
    hide_title = True

    def has_add_permission(self, request: ConsoleRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: ConsoleRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: ConsoleRequest, obj: Any = None) -> bool:
        return False


@admin.register(Tenant)
class TenantAdmin(ConsoleAdmin):
    list_display = ("name", "subdomain", "status_label", "plan", "month", "created_at")
    list_filter = ("status", "plan")
    list_select_related = ("plan",)
    search_fields = ("name", "subdomain")
    ordering = ("name",)
    fields = ("name", "plan", "subdomain", "schema", "id", "status", "created_at")
    readonly_fields = ("subdomain", "schema", "id", "status", "created_at")
    actions = ("suspend", "resume")
    actions_detail = ("look_in", "suspend_one", "resume_one")

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, tenant: Tenant) -> tuple[str, str]:
        return tenant.status, tenant.get_status_display()

    @display(description=_("this month (UTC)"))
    def month(self, tenant: Tenant) -> str:
        if tenant.status not in COUNTED:
            return ""
        month = usage.month_of(tenant)
        values = {"sent": _written(month.sent), "received": _written(month.received)}
        if month.limit is None:
            return gettext("%(sent)s out, %(received)s in") % values
        values |= {"limit": _written(month.limit), "share": _written(month.percent)}
        return gettext("%(sent)s of %(limit)s out (%(share)s %%), %(received)s in") % values

    @display(description=_("schema"))
    def schema(self, tenant: Tenant) -> str:
        return tenant.schema_name

    def get_fields(self, request: ConsoleRequest, obj: Tenant | None = None) -> Any:
        new = ("name", "subdomain", "plan", "admin_email", "admin_name", "admin_password")
        return new if obj is None else self.fields

    def get_readonly_fields(self, request: ConsoleRequest, obj: Tenant | None = None) -> Any:
        return () if obj is None else self.readonly_fields

    def get_form(self, request: ConsoleRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewTenantForm
        return super().get_form(request, obj, **kwargs)

    def get_inlines(self, request: ConsoleRequest, obj: Tenant | None) -> Any:
        return [] if obj is None else [MembershipInline]

    def save_model(self, request: ConsoleRequest, obj: Tenant, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        if change:
            tenancy.change_tenant(actor=request.user, tenant=obj, name=obj.name, plan=obj.plan)
        else:
            adopt(obj, tenancy.open_tenant(actor=request.user, **form.cleaned_data))

    @admin.action(description=_("Suspend"))
    def suspend(self, request: ConsoleRequest, chosen: QuerySet[Tenant]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="suspend", **self._suspension(request))

    @admin.action(description=_("Resume"))
    def resume(self, request: ConsoleRequest, chosen: QuerySet[Tenant]) -> HttpResponse | None:
        return self.for_each(request, chosen, action="resume", **self._resumption(request))

    @action(description=_("Look in"), icon="login", url_path="open")
    def look_in(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        """Ask why and how far, and lead into the tenant's pages by a link that works once."""
        tenant = self.get_object(request, object_id)
        if tenant is None:
            raise Http404
        form = SupportForm(request.POST if request.method == "POST" else None)
        shown: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": gettext("Look into %(name)s") % {"name": tenant.name},
            "tenant": tenant,
            "form": form,
            "opts": self.model._meta,
            "back": self.address("change", object_id),
        }
        if request.method == "POST" and form.is_valid():
            try:
                opened = support.open_access(
                    actor=request.user, tenant=tenant, now=timezone.now(), **form.cleaned_data
                )
            except support.NothingToOpenError as refusal:
                form.add_error(None, str(refusal))
            else:
                shown["link"] = opened.link
        status = 400 if form.errors else 200
        return TemplateResponse(request, "console/open.html", shown, status=status)

    @action(description=_("Suspend"), icon="pause", url_path="suspend")
    def suspend_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, **self._suspension(request))

    @action(description=_("Resume"), icon="play_arrow", url_path="resume")
    def resume_one(self, request: ConsoleRequest, object_id: str) -> HttpResponse:
        return self.for_one(request, object_id, **self._resumption(request))

    def _suspension(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("Suspend? Nothing is sent or changed; what comes in is held."),
            "act": lambda tenant, reason: tenancy.suspend_tenant(
                actor=request.user, tenant=tenant, reason=reason
            ),
            "danger": True,
        }

    def _resumption(self, request: ConsoleRequest) -> dict[str, Any]:
        return {
            "question": gettext("Resume? What was held is processed now."),
            "act": lambda tenant, reason: tenancy.resume_tenant(
                actor=request.user, tenant=tenant, reason=reason
            ),
        }


def _written(number: int) -> str:
    return str(number_format(number, force_grouping=True))


@admin.register(Plan)
class PlanAdmin(ConsoleAdmin):
    list_display = ("name", "code", *_LIMITS)
    ordering = ("id",)
    fields = ("name", "code", *_LIMITS)
    readonly_fields = ("code",)

    def has_add_permission(self, request: ConsoleRequest) -> bool:
        return False  # their codes are the product's

    def save_model(self, request: ConsoleRequest, obj: Plan, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        tenancy.change_plan(
            actor=request.user,
            plan=obj,
            name=obj.name,
            **{limit: getattr(obj, limit) for limit in _LIMITS},
        )
