"""The inbox's pages. A view answers with the page, or with the part of it that htmx asks for."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from conversations import blocked, listing, selectors, threads
from conversations.forms import inbox as forms
from conversations.models import Conversation, Message
from conversations.services import cancelling, outbound, reading, retrying
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError, NotFoundError
from tenants.feed import selectors as feed
from tenants.permissions import Permission

LIST_SIZE = 50
THREAD_SIZE = 50
# Of the rows that changed, the newest; a page that shows more of the list catches up when it loads.
ROWS_MAX = 100


@require_safe
@role_required(Permission.READ_CONVERSATIONS)
def home(request: OperatorRequest) -> HttpResponse:
    """Lead to the inbox."""
    return redirect("inbox")


@never_cache
@require_safe
@role_required(Permission.READ_CONVERSATIONS)
def inbox(request: OperatorRequest) -> HttpResponse:
    """Show the list without a thread; to htmx its rows, or the empty thread."""
    if _asks_for_part(request) and request.htmx.target == "conversation":
        return render(request, "conversations/_nothing_open.html")
    context = _list(request)
    if _asks_for_part(request):
        return render(request, "conversations/_rows.html", context)
    return render(request, "conversations/inbox.html", context)


@never_cache
@require_safe
@role_required(Permission.READ_CONVERSATIONS)
def conversation(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show a thread with the list beside it; to htmx the thread, or its older messages.

    The whole page also marks what it shows as read, for browsers that run no script.
    """
    found = selectors.kept_conversation_for(request.actor, pk)
    if found.pk != pk:
        return redirect("conversation", found.pk)
    thread = _thread(request, found)
    if _asks_for_part(request):
        part = "_older.html" if thread["until"] else "_conversation.html"
        return render(request, f"conversations/{part}", thread)
    if thread["may_reply"]:
        reading.mark_read(
            actor=request.actor, conversation=thread["conversation"], up_to_id=thread["newest_id"]
        )
    return render(request, "conversations/inbox.html", {**_list(request), **thread})


@never_cache
@require_POST
@role_required(Permission.REPLY)
def reply(request: OperatorRequest, pk: int) -> HttpResponse:
    """Queue a reply; answers with its bubble, or leads back to the thread."""
    found = selectors.kept_conversation_for(request.actor, pk)
    data = forms.valid(forms.ReplyForm(request.POST))
    try:
        message = outbound.send_text(
            actor=request.actor,
            conversation=found,
            text=data["text"],
            client_id=data["client_id"],
            now=timezone.now(),
            reply_to=_answering(request, found, data["reply_to"]),
            seen_message_id=data["seen"],
            force=data["force"],
        )
    except DomainError as refusal:
        if request.htmx and found.pk != pk:
            raise  # the thread that the page shows is not there any more
        return _refused(request, found, refusal, data)
    return _sent(request, message, pk)


@never_cache
@require_POST
@role_required(Permission.REPLY)
def send_again(request: OperatorRequest, pk: int, message_id: int) -> HttpResponse:
    """Queue a new attempt of a message of this conversation."""
    message = selectors.message_for(request.actor, message_id)
    if message.conversation_id != selectors.kept_conversation_for(request.actor, pk).pk:
        raise NotFoundError
    data = forms.valid(forms.SendAgainForm(request.POST))
    attempt = retrying.send_again(
        actor=request.actor, message=message, client_id=data["client_id"], now=timezone.now()
    )
    return _sent(request, attempt, pk)


@never_cache
@require_POST
@role_required(Permission.REPLY)
def cancel(request: OperatorRequest, pk: int, message_id: int) -> HttpResponse:
    """Take a message of this conversation back before it leaves."""
    message = selectors.message_for(request.actor, message_id)
    if message.conversation_id != selectors.kept_conversation_for(request.actor, pk).pk:
        raise NotFoundError
    return _sent(request, cancelling.cancel(actor=request.actor, message=message), pk)


@never_cache
@require_POST
@role_required(Permission.REPLY)
def read(request: OperatorRequest, pk: int) -> HttpResponse:
    """Mark a thread as read as far as the page showed it."""
    found = selectors.kept_conversation_for(request.actor, pk)
    data = forms.valid(forms.ReadForm(request.POST))
    if not reading.mark_read(actor=request.actor, conversation=found, up_to_id=data["up_to"]):
        return HttpResponse(status=204)
    rows = list(listing.listed(request.actor).filter(pk=found.pk))
    return render(request, "conversations/_changes.html", _fragments(request, rows, open_pk=pk))


@never_cache
@require_safe
@role_required(Permission.READ_CONVERSATIONS)
def changes(request: OperatorRequest) -> HttpResponse:
    """Answer what a page has to draw anew since a number: 204, fragments, or a reload."""
    data = forms.valid(forms.ChangesForm(request.GET))
    difference = feed.changes_after(data["after"], conversation_id=data["open"])
    if difference.reset:
        response = HttpResponse(headers={"HX-Refresh": "true"})
    else:
        response = _difference(request, difference, data)
    response["X-Last-Seq"] = str(difference.last_seq)
    return response


def _difference(
    request: OperatorRequest, difference: feed.Changes, data: dict[str, Any]
) -> HttpResponse:
    changed = listing.listed(request.actor).filter(pk__in=difference.conversation_ids)
    rows = list(changed[:ROWS_MAX]) if difference.conversation_ids else []
    missing = difference.conversation_ids - {row.pk for row in rows}
    merged = selectors.merged_among(request.actor, missing) if missing else {}
    if data["open"] in merged:
        address = reverse("conversation", args=[merged[data["open"]]])
        return HttpResponse(headers={"HX-Redirect": address})
    if not rows:
        return HttpResponse(status=204)
    context = {**_fragments(request, rows, open_pk=data["open"]), "merged": merged}
    if data["q"] or data["unread"]:
        fitting = listing.listed(request.actor, forms.choice(data))
        context["listed_ids"] = set(
            fitting.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)
        )
    opened = context["conversation"]
    if opened is not None and difference.message_ids:
        context |= threads.redrawn(opened, difference.message_ids)
    return render(request, "conversations/_changes.html", context)


def _fragments(
    request: OperatorRequest, rows: list[Conversation], *, open_pk: int | None
) -> dict[str, Any]:
    selectors.with_marks(row.last_message for row in rows)
    opened = next((row for row in rows if row.pk == open_pk), None)
    return {
        "rows": rows,
        "listed_ids": {row.pk for row in rows},
        "open_pk": open_pk,
        "conversation": opened,
        "apart": blocked.block_of(opened) if opened else None,
        "may_block": _may_block(request),
        "unread_total": listing.unread_total(request.actor),
        "may_reply": _may_reply(request),
    }


def _list(request: OperatorRequest) -> dict[str, Any]:
    data = forms.valid(forms.ListForm(request.GET))
    seq = (
        feed.last_seq()
    )  # before the rows: what changes in between is then drawn twice, never missed
    found = listing.listed(request.actor, forms.choice(data))
    if data["before"]:
        found = listing.conversations_after(found, data["before"])
    rows = list(found[: LIST_SIZE + 1])
    last = rows[LIST_SIZE - 1] if len(rows) > LIST_SIZE else None
    selectors.with_marks(row.last_message for row in rows)
    chosen = {"q": data["q"], "unread": "1" if data["unread"] else ""}
    return {
        "seq": seq,
        "rows": rows[:LIST_SIZE],
        "older": forms.cursor(last.last_message_at, last.pk) if last else "",
        "is_continued": bool(data["before"]),
        "search": data["q"],
        "unread_only": data["unread"],
        "list_query": _query({name: value for name, value in chosen.items() if value}),
        "unread_total": listing.unread_total(request.actor),
        "has_number": bool(rows) or listing.has_number(request.actor),
        "may_reply": _may_reply(request),
    }


def _thread(request: OperatorRequest, found: Conversation) -> dict[str, Any]:
    chosen = forms.valid(forms.ThreadForm(request.GET))
    until = chosen["until"]
    bubbles = list(selectors.thread_of(found, before=until)[: THREAD_SIZE + 1])
    last = bubbles[THREAD_SIZE - 1] if len(bubbles) > THREAD_SIZE else None
    bubbles = bubbles[THREAD_SIZE - 1 :: -1]
    unread = [
        bubble
        for bubble in bubbles
        if not bubble.is_outbound and bubble.pk > found.read_up_to_id and found.unread_count
    ]
    return {
        "conversation": found,
        "open_pk": found.pk,
        "until": until,
        "bubbles": bubbles,
        "quotes": selectors.quoted_by(bubbles),
        "earlier": forms.cursor(last.timestamp, last.pk) if last else "",
        "first_unread_id": unread[0].pk if unread and not until else None,
        "unread_count": found.unread_count,
        "newest_id": max((bubble.pk for bubble in bubbles), default=0),
        "client_id": uuid4(),
        "answering": _answering(request, found, chosen["reply"]),
        "apart": blocked.block_of(found),
        "may_block": _may_block(request),
        "may_reply": _may_reply(request),
    }


def _sent(request: OperatorRequest, message: Message, shown_pk: int) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{reverse('conversation', args=[message.conversation_id])}#composer")
    if message.conversation_id != shown_pk:
        address = reverse("conversation", args=[message.conversation_id])
        return HttpResponse(headers={"HX-Redirect": address})
    rows = list(listing.listed(request.actor).filter(pk=message.conversation_id))
    context = _fragments(request, rows, open_pk=message.conversation_id)
    if rows:
        context |= threads.redrawn(rows[0], [message.pk])
    return render(request, "conversations/_changes.html", context)


def _refused(
    request: OperatorRequest, found: Conversation, refusal: DomainError, data: dict[str, Any]
) -> HttpResponse:
    """Keep what was written: beside the thread as it is now, with the reason in words."""
    is_stale = isinstance(refusal, outbound.StaleThreadError)
    if not request.htmx:
        page = {**_list(request), **_thread(request, found), "refusal": refusal}
        page |= {"text": data["text"], "client_id": data["client_id"], "is_stale": is_stale}
        page["answering"] = _answering(request, found, data["reply_to"])
        return render(request, "conversations/inbox.html", page, status=refusal.http_status)
    if not is_stale:
        raise refusal
    context = {"conversation": found, "refusal": refusal, "is_stale": True}
    response = render(request, "conversations/_sheet.html", context, status=refusal.http_status)
    response["HX-Retarget"] = f"#sheet-{found.pk}"
    response["HX-Reswap"] = "outerHTML"
    return response


def _answering(request: OperatorRequest, found: Conversation, pk: int | None) -> Message | None:
    if pk is None:
        return None
    if (message := selectors.message_for(request.actor, pk)).conversation_id != found.pk:
        raise NotFoundError
    return message


def _may_reply(request: OperatorRequest) -> bool:
    return request.tenant.is_active and request.actor.may(Permission.REPLY)


def _may_block(request: OperatorRequest) -> bool:
    return request.tenant.is_active and request.actor.may(Permission.BLOCK_CONTACTS)


def _asks_for_part(request: OperatorRequest) -> bool:
    # A page that comes back through the browser's history is wanted whole.
    return bool(request.htmx) and not request.htmx.history_restore_request


def _query(values: dict[str, str]) -> str:
    return f"?{urlencode(values)}" if values else ""
