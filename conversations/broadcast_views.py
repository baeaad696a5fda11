"""The pages of broadcasts: all of them, a new one, its columns, and how far one is."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conversations import broadcasts, types
from conversations.forms import broadcasts as forms
from conversations.forms import inbox
from conversations.models import Broadcast, BroadcastSource
from conversations.services import sending_files, template_sending
from conversations.services.broadcasts import arranging, choosing, forecasting, mapping, reading
from conversations.services.broadcasts.reading import Head, Line
from conversations.services.sending_files import Incoming
from conversations.services.template_sending import HEADER_FILE, ValuesInvalidError
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.permissions import Permission
from whatsapp import rendering
from whatsapp import selectors as whatsapp
from whatsapp.models import MediaFile, MessageTemplate
from whatsapp.rendering import Rendered, ValuesError

LIST_SIZE = 30
_UNDER_WAY = (Broadcast.Status.RUNNING, Broadcast.Status.PAUSED)


@never_cache
@require_safe
@role_required(Permission.READ_BROADCASTS)
def listing(request: OperatorRequest) -> HttpResponse:
    """List the broadcasts, the newest first."""
    after = inbox.valid(forms.BroadcastRowsForm(request.GET))["after"]
    found = broadcasts.listed(request.actor)
    rows = list((found.filter(pk__lt=after) if after else found)[: LIST_SIZE + 1])
    context = {
        "rows": [(row, broadcasts.progress(row)) for row in rows[:LIST_SIZE]],
        "older": rows[LIST_SIZE - 1].pk if len(rows) > LIST_SIZE else None,
        "is_continued": bool(after),
        "may_broadcast": _may_broadcast(request),
    }
    return render(request, "conversations/broadcasts/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.BROADCAST)
def new(request: OperatorRequest) -> HttpResponse:
    """Take what goes to many and the list; leads to the choice of its columns.

    Asked to count, it says how many contacts are meant, and makes nothing.
    """
    if request.method == "POST" and request.htmx:
        return render(request, "conversations/broadcasts/_people.html", _counted(request))
    form = _new_form(request)
    if "count" in request.POST:
        context = {"form": form, **_counted(request)}
        return render(request, "conversations/broadcasts/new.html", context)
    if request.method == "POST" and form.is_valid():
        try:
            made = arranging.create(actor=request.actor, now=timezone.now(), **_wanted(form))
        except DomainError as refusal:
            form.add_error("file" if form.cleaned_data["file"] else None, str(refusal))
        else:
            return redirect("broadcast_columns", made.pk)
    status = 400 if form.errors else 200
    return render(request, "conversations/broadcasts/new.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.BROADCAST)
def columns(request: OperatorRequest, pk: int) -> HttpResponse:
    """Choose what fills the template's fields, with the first rows as customers will see them."""
    found = broadcasts.broadcast_for(request.actor, pk)
    if not broadcasts.needs_columns(found):
        return redirect("broadcast", pk)
    head = arranging.head_of(found, now=timezone.now())
    form = _columns_form(request, found, head)
    is_preview = "preview" in request.POST or bool(request.htmx)
    if form.is_valid() and not is_preview:
        try:
            arranging.prepare(
                actor=request.actor,
                broadcast=found,
                values=form.values(),
                number_column=form.number_column,
                now=timezone.now(),
            )
        except ValuesInvalidError as refusal:
            form.refuse_file(_words(refusal))
        else:
            return redirect("broadcast", pk)
    return _columns_page(request, found, head, form, is_preview=is_preview)


@never_cache
@require_safe
@role_required(Permission.READ_BROADCASTS)
def broadcast(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show one broadcast; to htmx the part that moves."""
    found = broadcasts.broadcast_for(request.actor, pk)
    if broadcasts.needs_columns(found) and _may_broadcast(request):
        return redirect("broadcast_columns", pk)
    is_part = request.htmx and not request.htmx.history_restore_request
    page = "_broadcast" if is_part else "broadcast"
    context = shown(request, found)
    if not is_part and found.status in _UNDER_WAY:
        context["rest"] = forecasting.forecast(broadcast=found, now=timezone.now())
    return render(request, f"conversations/broadcasts/{page}.html", context)


def shown(request: OperatorRequest, found: Broadcast) -> dict[str, Any]:
    """Return what the page of a broadcast shows."""
    context: dict[str, Any] = {
        "broadcast": found,
        "progress": broadcasts.progress(found),
        "advice": broadcasts.advice(found),
        "may_broadcast": _may_broadcast(request),
    }
    if found.status == Broadcast.Status.DRAFT:
        context["forecast"] = forecasting.forecast(broadcast=found, now=timezone.now())
        context["previews"] = forecasting.previews(broadcast=found)
        context["form"] = forms.TestSendForm(initial={"client_id": uuid4()})
    if found.status != Broadcast.Status.PREPARING:
        context["reasons"] = broadcasts.reasons_told(found)
    return context


def _new_form(request: OperatorRequest) -> forms.BroadcastForm:
    phones = list(whatsapp.phones_to_send_from(request.actor))
    approved = whatsapp.templates_of(request.actor, status=MessageTemplate.Status.APPROVED)
    templates = approved.filter(waba_id__in={phone.waba_id for phone in phones}).order_by("name")
    if "count" in request.POST:  # as it was filled in, and nothing of it refused yet
        given = {**request.POST.dict(), "statuses": request.POST.getlist("statuses")}
        return forms.BroadcastForm(initial=given, phones=phones, templates=templates)
    return forms.BroadcastForm(
        request.POST or None,
        request.FILES or None,
        initial={"client_id": uuid4()},
        phones=phones,
        templates=templates,
    )


def _counted(request: OperatorRequest) -> dict[str, Any]:
    """Say how many contacts a form asks for, or what of it is filled in wrong."""
    form = forms.PeopleForm(request.POST)
    if not form.is_valid():
        return {"problems": form.errors.values()}
    people = choosing.count(form.choice(), now=timezone.now())
    return {"people": people, "are_too_many": people > reading.MAX_ROWS}


def _wanted(form: forms.BroadcastForm) -> dict[str, Any]:
    data = form.cleaned_data
    names = ("client_id", "name", "phone", "template", "kind")
    if data["kind"] == BroadcastSource.Kind.FILE:
        body = data["file"].read()
    else:
        body = form.choice().kept()
    return {**{name: data[name] for name in names}, "body": body}


def _columns_form(request: OperatorRequest, found: Broadcast, head: Head) -> forms.ColumnsForm:
    fields = template_sending.shown_fields(found.template)
    given = found.values or mapping.guess(fields, head.columns)
    initial = {"number": found.number_column or head.number_column}
    for key, one in given.items():
        for kind, text in one.items():
            initial[f"{kind}.{key}"] = text
    data, refusal = _columns_given(request, found)
    return forms.ColumnsForm(
        data,
        initial=initial,
        fields=fields,
        columns=head.columns,
        shape=found.template.definition.header_format,
        refusal=refusal,
    )


def _columns_given(request: OperatorRequest, found: Broadcast) -> tuple[Any, str]:
    """Return what was posted, with the id of a file that came along, or why that will not do."""
    if request.method != "POST":
        return None, ""
    given = request.POST.copy()
    chosen = request.FILES.get("file")
    if chosen is None or found.template.definition.header_format not in rendering.MEDIA:
        return given, ""
    incoming = Incoming(chosen, chosen.name or "", chosen.content_type or "")
    try:
        kept = sending_files.keep_header(
            actor=request.actor, template=found.template, incoming=incoming
        )
    except ValuesInvalidError as refusal:
        return given, _words(refusal)
    given[f"text.{HEADER_FILE}"], given[f"column.{HEADER_FILE}"] = str(kept.pk), ""
    return given, ""


def _words(refusal: ValuesInvalidError) -> str:
    return " ".join(sentence for _place, sentence, _code in refusal.context["errors"])


def _columns_page(
    request: OperatorRequest,
    found: Broadcast,
    head: Head,
    form: forms.ColumnsForm,
    *,
    is_preview: bool,
) -> HttpResponse:
    values = form.values()
    context = {
        "broadcast": found,
        "form": form,
        "is_preview": is_preview,
        "header_file": _header_file(request, found, values),
        "are_contacts": found.source.kind == BroadcastSource.Kind.CONTACTS,
        "previews": [_previewed(found, form, values, line) for line in head.lines],
    }
    if request.htmx:
        return render(request, "conversations/broadcasts/_previews.html", context)
    status = 400 if form.is_bound and not is_preview else 200
    return render(request, "conversations/broadcasts/columns.html", context, status=status)


def _header_file(
    request: OperatorRequest, found: Broadcast, values: mapping.Values
) -> MediaFile | None:
    """Return the file that is named so far, to be called by its name."""
    given = values.get(HEADER_FILE, {}).get("text", "")
    try:
        return template_sending.file_of(actor=request.actor, template=found.template, value=given)
    except ValuesInvalidError:
        return None  # what is wrong with it stands beside its field


def _previewed(
    found: Broadcast, form: forms.ColumnsForm, values: mapping.Values, line: Line
) -> tuple[int, str, Rendered, str]:
    """Return a line's number, address and look, and what WhatsApp would refuse of it."""
    filled = mapping.filled(values, line.cells)
    problem = ""
    try:
        rendering.render(found.template.definition, filled)
    except ValuesError as error:
        problem = types.problem_told(types.problem_kept(error.problems)) if form.is_bound else ""
    shown = rendering.preview(found.template.definition, filled)
    return line.number, line.cells.get(form.number_column, ""), shown, problem


def _may_broadcast(request: OperatorRequest) -> bool:
    return request.tenant.is_active and request.actor.may(Permission.BROADCAST)
