"""What every page of the console shares: services write, nothing is deleted, lists stay fast."""

import copy
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants import audit
from tenants.errors import DomainError
from tenants.models import User


class ConsoleRequest(HttpRequest):
    """A request that the console let in; ``refusal`` is what a service said to its form."""

    user: User
    refusal: DomainError


class ReasonForm(forms.Form):
    """Why somebody does what he is asked about: for the audit log, which keeps it for good."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        required=False,  # the sentence for that is the audit log's
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("It stays in the audit log for good: name no customer in it."),
    )

    def clean_reason(self) -> str:
        try:
            return audit.stated(self.cleaned_data["reason"])
        except DomainError as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal


class ConsoleAdmin(ModelAdmin):
    """A list and a form whose changes are made by services, which also write the audit log."""

    show_full_result_count = False
    list_per_page = 50
    actions_on_bottom = False
    list_filter_submit = True

    def has_delete_permission(self, request: ConsoleRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Take the filters that there are.

        Django takes every column of the model: hashes and bodies could be read letter by letter.
        """
        filters = (one if isinstance(one, str) else one[0] for one in self.list_filter)
        known = lookup.partition("__")[0] in filters
        return known and super().lookup_allowed(lookup, value, request)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer the rows that there are; making another one has a page of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_view_related = field.widget.can_delete_related = False
        return field

    def save_model(self, request: ConsoleRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Call a service; ``adopt`` what it made."""
        raise NotImplementedError

    def changeform_view(
        self,
        request: ConsoleRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a service's refusal as an error of the form, with everything still typed in."""
        for field in self.model._meta.fields:
            if field.is_relation:
                for text in filter(None, request.POST.getlist(field.name)):
                    _key_of(field.related_model, text)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            request.refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: ConsoleRequest, obj: Model | None = None, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form: type[forms.ModelForm] = super().get_form(request, obj, **kwargs)
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form
        return type(form.__name__, (_RefusedForm, form), {"refusal": str(refusal)})

    # The audit log is the one record of who did what; Django's own would keep names.
    def log_addition(self, request: ConsoleRequest, obj: Any, message: Any) -> None: ...

    def log_change(self, request: ConsoleRequest, obj: Any, message: Any) -> None: ...

    def log_deletions(self, request: ConsoleRequest, queryset: Any) -> None: ...

    def response_action(self, request: ConsoleRequest, queryset: QuerySet[Any]) -> Any:
        for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
            _key_of(self.model, key)
        return super().response_action(request, queryset)

    def for_all(
        self,
        request: ConsoleRequest,
        chosen: QuerySet[Any],
        *,
        action: str,
        question: str,
        act: Callable[[QuerySet[Any], str], int],
        danger: bool = False,
    ) -> HttpResponse | None:
        """Ask first, then call ``act`` with all that was chosen and the reason that was given.

        Says how many it changed. Without a reason it asks again, and nothing is done.
        """
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(
                request, chosen, form=form, action=action, question=question, danger=danger
            )
        try:
            done = act(chosen, form.cleaned_data["reason"])
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, _("Changed: %(count)d") % {"count": done}, messages.SUCCESS)
        return None

    def for_each(
        self,
        request: ConsoleRequest,
        chosen: QuerySet[Any],
        *,
        action: str,
        question: str,
        act: Callable[[Any, str], object],
        danger: bool = False,
    ) -> HttpResponse | None:
        """Ask first, then call ``act`` for each; False is for what was so already."""

        def all_of(objects: QuerySet[Any], reason: str) -> int:
            return sum(self._one(request, obj, lambda one: act(one, reason)) for obj in objects)

        return self.for_all(
            request, chosen, action=action, question=question, act=all_of, danger=danger
        )

    def for_one(
        self,
        request: ConsoleRequest,
        object_id: str,
        *,
        question: str,
        act: Callable[[Any, str], object],
        danger: bool = False,
        gone: bool = False,
    ) -> HttpResponse:
        """Do the same for the one object of a form, from a button above it."""
        chosen = self.get_queryset(request).filter(pk=_key_of(self.model, object_id))
        asked = self.for_each(request, chosen, action="", question=question, act=act, danger=danger)
        return asked or HttpResponseRedirect(
            self.address("changelist") if gone else self.address("change", object_id)
        )

    def address(self, page: str, *args: Any) -> str:
        """Return the path of one of this model's pages."""
        meta = self.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)

    def _one(self, request: ConsoleRequest, obj: Model, act: Callable[[Any], object]) -> bool:
        try:
            return act(obj) is not False
        except DomainError as refusal:
            self.message_user(request, f"{obj}: {refusal}", messages.ERROR)
            return False

    def _ask(
        self,
        request: ConsoleRequest,
        chosen: QuerySet[Any],
        *,
        form: ReasonForm,
        action: str,
        question: str,
        danger: bool,
    ) -> HttpResponse:
        meta = self.model._meta
        keys: Sequence[str] = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        context = {
            **self.admin_site.each_context(request),
            "title": question,
            "question": question,
            "form": form,
            "opts": meta,
            "chosen": chosen[:100],
            "chosen_count": chosen.count(),
            "keys": keys,
            "key_name": helpers.ACTION_CHECKBOX_NAME,
            "select_across": request.POST.get("select_across", "0"),
            "action": action,
            "danger": danger,
            "back": self.address("changelist"),
        }
        status = 400 if form.is_bound else 200
        return TemplateResponse(request, "console/confirm.html", context, status=status)


# Of a thousand tenants a filter shows those that were asked for.
TENANT_FILTER = ("tenant", AutocompleteSelectFilter)


class ReadOnlyAdmin(ConsoleAdmin):
    """A list of what the system wrote: to look at."""

    paginator: ClassVar[type[Paginator]] = InfinitePaginator  # counting millions costs seconds

    def has_add_permission(self, request: ConsoleRequest) -> bool:
        return False

    def has_change_permission(self, request: ConsoleRequest, obj: Model | None = None) -> bool:
        return False


class _RefusedForm(forms.ModelForm):
    refusal: ClassVar[str]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self.add_error(None, self.refusal)
        return cleaned


def _key_of(model: Any, text: str) -> Any:
    """Read a key that a form names: Django's widgets fail over one that cannot be one."""
    try:
        return model._meta.pk.to_python(text)
    except ValidationError as error:
        raise BadRequest from error


def require(form: type[forms.ModelForm], name: str, label: Any) -> None:
    """Ask for a secret that can stay as it is later, but must be given at first."""
    field = copy.deepcopy(form.base_fields[name])  # the form of changes shares the original
    field.label, field.required, field.help_text = label, True, ""
    form.base_fields[name] = field


def adopt(obj: Model, made: Model) -> None:
    """Let the form's unsaved object be the one that a service made."""
    obj.__dict__.update(made.__dict__)


def day(moment: datetime) -> str:
    """Write the day of a moment as the reader's language does."""
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
