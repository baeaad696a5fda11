"""Choosing a template for a conversation, filling it in, and sending it.

Pages of their own that work without scripts; in the composer they are its panel.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conversations import selectors
from conversations.forms import inbox as forms
from conversations.models import Conversation
from conversations.services import sending_files, template_sending
from conversations.services.sending_files import Incoming
from conversations.services.template_sending import HEADER_FILE, ValuesInvalidError
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission
from whatsapp import rendering
from whatsapp import selectors as whatsapp
from whatsapp.limits import media
from whatsapp.models import MessageTemplate
from whatsapp.rendering import Field

LISTED_MAX = 100
# Variables that are filled with the customer's first name to begin with.
FIRST_NAMES = frozenset({"name", "first_name", "customer_name", "nome", "primeiro_nome"})


@never_cache
@require_safe
@role_required(Permission.REPLY)
def choose(request: OperatorRequest, pk: int) -> HttpResponse:
    """List the templates that can be sent in a conversation."""
    found = selectors.conversation_for(request.actor, pk)
    search = request.GET.get("q", "")[:200].replace("\x00", "")
    templates = whatsapp.templates_of(
        request.actor,
        waba_id=found.phone.waba_id,
        status=MessageTemplate.Status.APPROVED,
        search=search,
    ).order_by("name", "language")
    context = {
        "conversation": found,
        "templates": templates[:LISTED_MAX],
        "search": search,
        "part": "conversations/_template_list.html",
    }
    return _answer(request, context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.REPLY)
def fill(request: OperatorRequest, pk: int, template_id: int) -> HttpResponse:
    """Show a template's fields and how it will look; queue it when it is posted."""
    found = selectors.conversation_for(request.actor, pk)
    template = whatsapp.template_for(request.actor, template_id, waba_id=found.phone.waba_id)
    if request.method == "POST":
        return _send(request, found, template)
    fields = template_sending.shown_fields(template)
    values = {field.key: _begun(field, found, request.GET) for field in fields}
    context = _filling(found, template, values)
    if request.htmx and request.htmx.target == "template-preview":
        return render(request, "conversations/_template_preview.html", context)
    return _answer(request, context)


def _send(request: OperatorRequest, found: Conversation, template: MessageTemplate) -> HttpResponse:
    form = forms.SendAgainForm(request.POST)
    client_id = form.cleaned_data["client_id"] if form.is_valid() else uuid4()
    keys = [field.key for field in rendering.fields(template.definition)]
    values = {key: request.POST[key].replace("\r\n", "\n") for key in keys if request.POST.get(key)}
    chosen = request.FILES.get("file")
    try:
        if chosen is not None and HEADER_FILE in keys:
            incoming = Incoming(chosen, chosen.name or "", chosen.content_type or "")
            kept = sending_files.keep_header(
                actor=request.actor, template=template, incoming=incoming
            )
            values[HEADER_FILE] = str(kept.pk)
        template_sending.send_template(
            actor=request.actor,
            conversation=found,
            template=template,
            values=values,
            client_id=client_id,
            now=timezone.now(),
        )
    except ValuesInvalidError as refusal:
        context = {**_filling(found, template, values, refusal), "client_id": client_id}
        return render(request, "conversations/template.html", context, status=400)
    return redirect(f"{reverse('conversation', args=[found.pk])}#composer")


def _filling(
    found: Conversation,
    template: MessageTemplate,
    values: Mapping[str, str],
    refusal: ValuesInvalidError | None = None,
) -> dict[str, Any]:
    errors = {place[-1]: words for place, words, _ in refusal.context["errors"]} if refusal else {}
    shape = template.definition.header_format.lower()
    fields = [
        {
            "key": field.key,
            "label": template_sending.label(field),
            "value": values.get(field.key, ""),
            "example": field.example,
            "is_required": field.is_required,
            "takes_file": field.key == HEADER_FILE,
            "accept": ",".join(sorted(media.TYPES.get(shape, ()))),
            "max_characters": 2048 if field.kind == "media" else field.max_characters,
            "error": errors.pop(field.key, ""),
        }
        for field in template_sending.shown_fields(template)
    ]
    return {
        "conversation": found,
        "template": template,
        "fields": fields,
        "errors": list(errors.values()),  # of the whole, not of a field
        "shown": rendering.preview(template.definition, values),
        "client_id": uuid4(),
        "part": "conversations/_template_form.html",
    }


def _begun(field: Field, found: Conversation, given: Mapping[str, str]) -> str:
    if field.key in given:
        return given[field.key][: field.max_characters]
    is_name = field.kind == "text" and field.name in FIRST_NAMES
    words = (found.contact.name or found.contact.profile_name).split()
    return words[0] if is_name and words else ""


def _answer(request: OperatorRequest, context: dict[str, Any]) -> HttpResponse:
    is_part = request.htmx and not request.htmx.history_restore_request
    page = context["part"] if is_part else "conversations/template.html"
    return render(request, page, context)
