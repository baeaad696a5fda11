"""The rows of a broadcast, and what became of each: as a page, and as a file."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations import broadcasts
from conversations.forms import broadcasts as forms
from conversations.forms import inbox
from conversations.models import BroadcastRecipient, Message
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission

PAGE_SIZE = 100
# Under one name on the page: what a person wants to see together.
GROUPS = {
    "open": (BroadcastRecipient.State.READY, *broadcasts.OPEN),
    "left_out": (BroadcastRecipient.State.SKIPPED,),
    "failed": (Message.Status.FAILED, Message.Status.UNCONFIRMED),
}


@never_cache
@require_safe
@role_required(Permission.READ_BROADCASTS)
def rows(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show the rows of a list in their order, with the reason of each that went wrong."""
    found = broadcasts.broadcast_for(request.actor, pk)
    data = inbox.valid(forms.BroadcastRowsForm(request.GET))
    listed = broadcasts.recipients(found, states=_states(data["state"]), reason=data["reason"])
    listed = listed.filter(position__gt=data["after"] or 0)
    shown = list(listed[: PAGE_SIZE + 1])
    context = {
        "broadcast": found,
        "rows": [broadcasts.told(row) for row in shown[:PAGE_SIZE]],
        "after": shown[PAGE_SIZE - 1].position if len(shown) > PAGE_SIZE else None,
        "state": data["state"],
        "reason": data["reason"],
        "is_continued": bool(data["after"]),
        "reasons": broadcasts.reasons_told(found),
    }
    return render(request, "conversations/broadcasts/rows.html", context)


@never_cache
@require_safe
@role_required(Permission.READ_BROADCASTS)
def rows_file(request: OperatorRequest, pk: int) -> HttpResponse:
    """Give the same rows as CSV, whole: a list has 100,000 at most."""
    found = broadcasts.broadcast_for(request.actor, pk)
    data = inbox.valid(forms.BroadcastRowsForm(request.GET))
    body = broadcasts.as_csv(found, states=_states(data["state"]), reason=data["reason"])
    name = slugify(found.name) or f"broadcast-{found.pk}"
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _states(name: str) -> tuple[str, ...]:
    if name and name not in GROUPS:
        raise inbox.BadInputError
    return GROUPS.get(name, ())
