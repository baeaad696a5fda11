"""Making, changing and deleting templates. Each act becomes a job that waits for WhatsApp."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.permissions import Permission
from whatsapp import rendering, selectors
from whatsapp.forms.templates import DeleteForm, TemplateForm
from whatsapp.models import MessageTemplate
from whatsapp.rendering import drafting
from whatsapp.rendering.drafting import Drafted
from whatsapp.services import templates as templating
from whatsapp.services.templates import TemplateInvalidError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_TEMPLATES)
def create(request: OperatorRequest) -> HttpResponse:
    """Take a new template, with what WhatsApp would refuse of it beside the fields."""
    accounts = selectors.accounts_of(request.actor)
    form = TemplateForm(request.POST or None, accounts=accounts)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    drafted = form.drafted()
    if "preview" in request.POST:
        return _previewed(request, form, drafted)
    try:
        account = form.cleaned_data.get("account") or next(iter(accounts), "")
        templating.create(actor=request.actor, waba_id=account, template=drafted.template)
    except TemplateInvalidError as refusal:
        form.refuse(drafted, refusal.context["errors"])
        return _page(request, form, drafted=drafted, status=refusal.http_status)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, drafted=drafted, status=refusal.http_status)
    messages.success(request, _("The template is on its way to WhatsApp, which reviews it."))
    return redirect("templates")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_TEMPLATES)
def edit(request: OperatorRequest, pk: int) -> HttpResponse:
    """Take other parts for a template."""
    template = selectors.template_for(request.actor, pk)
    known = drafting.fields_of(_whole(template))
    if known is None or not template.is_editable:
        return render(request, "whatsapp/template_edit.html", {"template": template})
    form = TemplateForm(request.POST or None, initial=known, is_known=True)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, template=template)
    drafted = form.drafted()
    if "preview" in request.POST:
        return _previewed(request, form, drafted, template=template)
    components = drafted.template["components"]
    try:
        templating.edit(actor=request.actor, template=template, components=components)
    except TemplateInvalidError as refusal:
        form.refuse(drafted, refusal.context["errors"])
        status = refusal.http_status
        return _page(request, form, template=template, drafted=drafted, status=status)
    messages.success(request, _("The change is on its way to WhatsApp, which reviews it."))
    return redirect("templates")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_TEMPLATES)
def delete(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask which languages of a template are to go, and have them deleted."""
    template = selectors.template_for(request.actor, pk)
    form = DeleteForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"template": template, "languages": templating.languages_of(template)}
        status = 400 if request.method == "POST" else 200
        return render(request, "whatsapp/template_delete.html", context, status=status)
    all_languages = form.cleaned_data["languages"] == "all"
    templating.delete(actor=request.actor, template=template, all_languages=all_languages)
    messages.success(request, _("The deletion is on its way to WhatsApp."))
    return redirect("templates")


def _whole(template: MessageTemplate) -> dict[str, Any]:
    return {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "components": template.components,
    }


def _previewed(
    request: OperatorRequest, form: TemplateForm, drafted: Drafted, **more: Any
) -> HttpResponse:
    form.refuse(drafted, templating.findings(drafted.template))
    return _page(request, form, drafted=drafted, **more)


def _page(
    request: OperatorRequest,
    form: TemplateForm,
    *,
    template: MessageTemplate | None = None,
    drafted: Drafted | None = None,
    status: int | None = None,
) -> HttpResponse:
    if status is None:
        status = 400 if form.is_bound and drafted is None else 200
    context: dict[str, Any] = {"form": form, "template": template}
    if drafted is not None:
        definition = rendering.parse(**drafted.template)
        context["shown"] = rendering.preview(definition, dict(definition.examples))
    return render(request, "whatsapp/template_edit.html", context, status=status)
