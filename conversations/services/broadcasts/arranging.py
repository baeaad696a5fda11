"""Take in whom a broadcast goes to and what fills its template; a task reads the list."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from conversations import broadcasts
from conversations.models import Broadcast, BroadcastSource
from conversations.services import outbound, template_sending
from conversations.services.broadcasts import choosing, progress, reading
from conversations.services.broadcasts.control import BroadcastStateError
from conversations.services.broadcasts.reading import Head
from conversations.services.template_sending import TemplateNotApprovedError, TemplateUnknownError
from tenants import audit, queue
from tenants.permissions import Actor, Permission
from whatsapp.models import MediaFile, MessageTemplate, Phone

TASK = "conversations.tasks.prepare_broadcast"
Kind, Status = BroadcastSource.Kind, Broadcast.Status


def create(
    *,
    actor: Actor,
    name: str,
    phone: Phone,
    template: MessageTemplate,
    kind: str,
    body: bytes,
    client_id: UUID,
    now: datetime,
    values: Mapping[str, Mapping[str, str]] | None = None,
    number_column: str = "",
    starts_when_ready: bool = False,
) -> Broadcast:
    """Keep a list with what it is for. The same ``client_id`` again returns the first broadcast.

    ``values`` say what fills the template, and it is read at once; None: ``prepare`` says it later.
    Raises: ForbiddenError, TemplateUnknownError, TemplateNotApprovedError, PhoneInactiveError,
    ListUnreadableError, NobodyChosenError, TooManyChosenError, ValuesInvalidError (for a file that
    will not do).
    """
    outbound.check_place(actor=actor, permission=Permission.BROADCAST)
    _check(phone, template)
    if kind == Kind.FILE:
        reading.head(body)
    if kind == Kind.CONTACTS:
        choosing.check(choosing.choice_of(body), now=now)
    values_kept = dict(values or {})
    made = Broadcast(
        name=name,
        media=_file_of(actor, template, values_kept),
        phone=phone,
        template=template,
        author=actor.user,
        api_key=actor.key,
        client_id=client_id,
        status=Status.DRAFT if values is None else Status.PREPARING,
        values=values_kept,
        number_column=number_column,
        starts_when_ready=starts_when_ready,
    )
    try:
        with transaction.atomic():
            made.save()
            BroadcastSource.objects.create(broadcast=made, kind=kind, body=body)
            _told(actor, made, "created", now)
    except IntegrityError:
        return Broadcast.objects.select_related("phone", "template").get(client_id=client_id)
    return made


@transaction.atomic
def prepare(
    *,
    actor: Actor,
    broadcast: Broadcast,
    values: Mapping[str, Mapping[str, str]],
    number_column: str,
    now: datetime,
) -> Broadcast:
    """Have the list of a draft read, with what fills the template; nothing starts by itself.

    Raises: ForbiddenError, BroadcastStateError, ValuesInvalidError (for a file that will not do).
    """
    found = _locked(actor, broadcast, {Status.DRAFT})
    found.media = _file_of(actor, broadcast.template, values)
    if not broadcasts.needs_columns(found):
        raise BroadcastStateError
    found.status, found.problem, found.starts_when_ready = Status.PREPARING, "", False
    found.values, found.number_column = dict(values), number_column
    _told(actor, found, "prepared", now)
    return found


@transaction.atomic
def discard(*, actor: Actor, broadcast: Broadcast) -> None:
    """Delete what was not started yet with its list, also while that is being read.

    Raises: ForbiddenError, BroadcastStateError.
    """
    found = _locked(actor, broadcast, {Status.DRAFT, Status.PREPARING})
    audit.record(actor=actor.user, action="broadcast.discarded", target=found, tenant=actor.tenant)
    found.recipients.all()._raw_delete(found.recipients.db)  # a hundred thousand rows, none loaded
    found.delete()


def head_of(broadcast: Broadcast, *, now: datetime) -> Head:
    """Return the columns and the first lines of a draft's list. Raises: BroadcastStateError."""
    source = BroadcastSource.objects.filter(broadcast=broadcast).first()
    if source is None:
        raise BroadcastStateError
    body = bytes(source.body)
    if source.kind == Kind.FILE:
        return reading.head(body)
    return choosing.head(choosing.choice_of(body), now=now)


def _check(phone: Phone, template: MessageTemplate) -> None:
    if phone.status != Phone.Status.ACTIVE:
        raise outbound.PhoneInactiveError
    if template.waba_id != phone.waba_id:
        raise TemplateUnknownError
    if not template.is_sendable:
        raise TemplateNotApprovedError


def _file_of(
    actor: Actor, template: MessageTemplate, values: Mapping[str, Mapping[str, str]]
) -> MediaFile | None:
    """Return the file of ours that fills everybody's header."""
    given = values.get(template_sending.HEADER_FILE, {}).get("text", "")
    return template_sending.file_of(actor=actor, template=template, value=given)


def _locked(actor: Actor, broadcast: Broadcast, states: Collection[str]) -> Broadcast:
    outbound.check_place(actor=actor, permission=Permission.BROADCAST)
    # Rivals: the task that reads its list, and another person's click.
    found = Broadcast.objects.select_for_update().filter(pk=broadcast.pk).first()
    if found is None or found.status not in states:
        raise BroadcastStateError
    return found


def _told(actor: Actor, broadcast: Broadcast, word: str, now: datetime) -> None:
    details: dict[str, Any] = {"name": broadcast.name}
    audit.record(
        actor=actor.user,
        action=f"broadcast.{word}",
        target=broadcast,
        tenant=actor.tenant,
        changes=details,
    )
    if broadcast.status == Status.PREPARING:
        queue.enqueue(TASK, broadcast_id=broadcast.pk)
    progress.save(broadcast, now=now)
