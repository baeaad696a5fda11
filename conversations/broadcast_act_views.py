"""What may be done with a broadcast. What cannot be undone asks first, on a page of its own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from conversations import broadcasts
from conversations.forms import broadcasts as forms
from conversations.forms import inbox
from conversations.services.addressing import NumberInvalidError
from conversations.services.broadcasts import arranging, control, forecasting
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission

_AT_ONCE = {"pause": control.pause, "resume": control.resume, "retry": control.retry_failed}


@never_cache
@require_POST
@role_required(Permission.BROADCAST)
def act(request: OperatorRequest, pk: int, word: str) -> HttpResponse:
    """Pause, resume, or write again to whom it failed for."""
    found = broadcasts.broadcast_for(request.actor, pk)
    _AT_ONCE[word](actor=request.actor, broadcast=found, now=timezone.now())
    return redirect("broadcast", pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.BROADCAST)
def start(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say to how many and at what cost, then start."""
    found = broadcasts.broadcast_for(request.actor, pk)
    now = timezone.now()
    if request.method == "POST":
        control.start(actor=request.actor, broadcast=found, now=now)
        return redirect("broadcast", pk)
    context = {"broadcast": found, "forecast": forecasting.forecast(broadcast=found, now=now)}
    return render(request, "conversations/broadcasts/start.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.BROADCAST)
def cancel(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask, then end it for good."""
    found = broadcasts.broadcast_for(request.actor, pk)
    if request.method == "POST":
        control.cancel(actor=request.actor, broadcast=found, now=timezone.now())
        return redirect("broadcast", pk)
    context = {"broadcast": found, "progress": broadcasts.progress(found)}
    return render(request, "conversations/broadcasts/cancel.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.BROADCAST)
def discard(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask, then delete a draft with its list."""
    found = broadcasts.broadcast_for(request.actor, pk)
    if request.method == "POST":
        arranging.discard(actor=request.actor, broadcast=found)
        messages.success(request, _("The draft is deleted."))
        return redirect("broadcasts")
    context = {"broadcast": found, "progress": broadcasts.progress(found)}
    return render(request, "conversations/broadcasts/discard.html", context)


@never_cache
@require_POST
@role_required(Permission.BROADCAST)
def test(request: OperatorRequest, pk: int) -> HttpResponse:
    """Send the first row's message to a number of one's own."""
    found = broadcasts.broadcast_for(request.actor, pk)
    data = inbox.valid(forms.TestSendForm(request.POST))
    try:
        control.send_test(actor=request.actor, broadcast=found, now=timezone.now(), **data)
    except NumberInvalidError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The test is on its way to %(number)s.") % data)
    return redirect("broadcast", pk)
