"""WhatsApp's rate card: looked at, loaded from a file, taken out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget

from tenants.console import ConsoleRequest, ReadOnlyAdmin, ReasonForm
from tenants.models import Rate
from tenants.services import rates


class RateFileForm(ReasonForm):
    """A CSV file of rates, and where they come from."""

    field_order = ("file", "reason")
    file = forms.FileField(
        label=_("CSV file"),
        max_length=1000,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
    )


@admin.register(Rate)
class RateAdmin(ReadOnlyAdmin):
    list_display = ("country", "code", "category", "price", "currency", "starts_on")
    list_filter = ("category", "currency")
    search_fields = ("country", "=prefix")
    search_help_text = _("A country, or its calling code")
    ordering = ("country", "category", "-starts_on")
    fields = ("country", "code", "category", "price", "currency", "starts_on")
    actions = ("remove",)
    actions_list = ("load",)

    @display(description=_("calling code"), ordering="prefix")
    def code(self, rate: Rate) -> str:
        return f"+{rate.prefix}" if rate.prefix else gettext("all others")

    @action(description=_("Load a file"), icon="upload_file", url_path="load")
    def load(self, request: ConsoleRequest) -> HttpResponse:
        """Ask for a file of rates, and take all of them or none."""
        form = RateFileForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            body = form.cleaned_data["file"].read(rates.BYTES_MAX + 1)
            try:
                count = rates.load(
                    actor=request.user, body=body, reason=form.cleaned_data["reason"]
                )
            except rates.RatesInvalidError as refusal:
                form.add_error("file", str(refusal))
                problems = refusal.problems
            else:
                told = gettext("Rates that hold now: %(count)d") % {"count": count}
                self.message_user(request, told, messages.SUCCESS)
                return HttpResponseRedirect(self.address("changelist"))
        shown: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": gettext("Load WhatsApp's rates"),
            "form": form,
            "opts": self.model._meta,
            "columns": ", ".join(rates.COLUMNS),
            "problems": problems[: rates.PROBLEMS_SHOWN],
            "more": max(len(problems) - rates.PROBLEMS_SHOWN, 0),
            "back": self.address("changelist"),
        }
        status = 400 if form.errors else 200
        return TemplateResponse(request, "console/rates.html", shown, status=status)

    @admin.action(description=_("Take out"))
    def remove(self, request: ConsoleRequest, chosen: QuerySet[Rate]) -> HttpResponse | None:
        return self.for_all(
            request,
            chosen,
            action="remove",
            question=gettext("Take these rates out? The ones before them hold again."),
            act=lambda found, reason: rates.remove(actor=request.user, rates=found, reason=reason),
            danger=True,
        )
