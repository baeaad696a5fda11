"""Claim what a number is to send next: the rows say so before Meta is called.

A message is claimed by one sender only, and only one of a conversation at a time. A claim that its
sender did not live to answer for runs out and becomes UNKNOWN; it is never claimed again.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from conversations import rules
from conversations.models import Message
from conversations.services import outbox, statuses
from conversations.services.outbox import Move
from tenants import context, secrets
from tenants.feed.live import Cursor, Draft
from tenants.models import Tenant
from whatsapp.models import Phone
from whatsapp.services import health, numbers

LEASE_SECONDS = 60
WINDOW_CLOSED = 131047
OPTED_OUT = 131050
NO_NUMBER = 131062
# Stored in English, translated when shown.
CLOSED_WHILE_QUEUED = _("The window closed while the message was waiting to be sent.")
STOPPED_WHILE_QUEUED = _("The customer stopped marketing while the message was waiting to be sent.")
NO_ADDRESS = _("No number of this customer is known.")

# A head of line is due, and nothing of its conversation before it is still on its way; a file that
# it brings is with Meta already, unless the window closed meanwhile. A row that a rival has locked
# is the rival's; what he did to it is looked at again after the lock.
_HEADS = """
    SELECT message.id, message.attempts, message.type, message.content::text,
        message.extras #>> '{context,id}', message.media_id, upload.media_id,
        conversation.window_opened_at,
        contact.marketing_opted_out_at IS NOT NULL
            AND message.extras #>> '{template,category}' IS NOT DISTINCT FROM 'MARKETING',
        recipient.kind, recipient.value, clock_timestamp()
    FROM conversations_message AS message
    JOIN conversations_conversation AS conversation ON conversation.id = message.conversation_id
    JOIN conversations_contact AS contact ON contact.id = conversation.contact_id
    LEFT JOIN whatsapp_mediaupload AS upload ON upload.file_id = message.media_id
        AND upload.phone_id = message.phone_id AND upload.state = 'READY'
        AND upload.expires_at > clock_timestamp()
    LEFT JOIN LATERAL (
        SELECT identity.kind, identity.value FROM conversations_contactidentity AS identity
        WHERE identity.contact_id = conversation.contact_id
            AND identity.kind IN ('WA_ID', 'BSUID')
        ORDER BY identity.kind DESC, identity.id DESC LIMIT 1
    ) AS recipient ON true
    WHERE message.phone_id = %(phone)s AND message.status = 'PENDING'
        AND message.direction = 'OUTBOUND'
        AND (message.due_at IS NULL OR message.due_at <= clock_timestamp())
        AND (message.media_id IS NULL OR upload.id IS NOT NULL OR message.type <> 'TEMPLATE'
            AND conversation.window_opened_at < clock_timestamp() - interval '24 hours')
        AND NOT EXISTS (
            SELECT FROM conversations_message AS ahead
            WHERE ahead.phone_id = message.phone_id
                AND ahead.conversation_id = message.conversation_id AND ahead.id < message.id
                AND ahead.status IN ('PENDING', 'HELD', 'SENDING', 'UNKNOWN')
        )
    ORDER BY message.id LIMIT %(limit)s
    FOR NO KEY UPDATE OF message SKIP LOCKED
"""
_CLAIM = """
    UPDATE conversations_message SET status = 'SENDING', rank = %(rank)s, attempts = attempts + 1,
        due_at = NULL, lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
    WHERE id = ANY (%(ids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """The number that a batch leaves from, as it was at the claim."""

    tenant: Tenant
    phone_id: int
    phone_number_id: str
    sealed: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send, once."""

    sender: Sender
    message_id: int
    attempt: int
    body: dict[str, Any]  # Meta's envelope
    file_id: int | None = None  # of the file that it brings
    media_id: str = ""  # Meta's id of that


@dataclass(frozen=True, slots=True)
class _Head:
    """A head of line as the claim finds it."""

    message_id: int
    attempts: int
    type: str
    content: str  # JSON
    quoted: str | None  # the wamid of what it answers
    file_id: int | None
    media_id: str | None
    opened_at: datetime | None
    unwanted: bool  # marketing, to whom said stop
    kind: str | None
    address: str | None
    now: datetime

    def refusal(self) -> Move | None:
        """Return why it can no longer be sent, if so."""
        if self.address is None:
            return self._failed(NO_NUMBER, NO_ADDRESS)
        free = self.type != Message.Type.TEMPLATE
        if free and not rules.window_open(self.opened_at, self.now):
            return self._failed(WINDOW_CLOSED, CLOSED_WHILE_QUEUED)
        if self.unwanted:
            return self._failed(OPTED_OUT, STOPPED_WHILE_QUEUED)
        return None

    def _failed(self, code: int, detail: str) -> Move:
        return Move(
            self.message_id, self.attempts, "FAILED", was="PENDING", code=code, detail=detail
        )

    def claim(self, sender: Sender) -> Claim:
        kind = self.type.lower()
        # Without the plus Meta would put our own country's code before it.
        to = (
            {"to": f"+{self.address}"} if self.kind == "WA_ID" else {"recipient": str(self.address)}
        )
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **to,
            "type": kind,
            kind: self._content(kind),
            **({"context": {"message_id": self.quoted}} if self.quoted else {}),
            "biz_opaque_callback_data": statuses.callback_data(
                tenant_id=sender.tenant.pk,
                phone_number_id=sender.phone_number_id,
                message_id=self.message_id,
            ),
        }
        return Claim(
            sender, self.message_id, self.attempts + 1, body, self.file_id, self.media_id or ""
        )

    def _content(self, kind: str) -> Any:
        content = json.loads(self.content)
        return content if self.media_id is None else carrying(kind, content, self.media_id)


def carrying(kind: str, content: dict[str, Any], media_id: str) -> dict[str, Any]:
    """Put Meta's id of a file where ours stands: in the type's object, or in a header's."""
    if kind == "interactive":
        header = content["header"]
        header[header["type"]] = _with_id(header[header["type"]], media_id)
        return content
    if kind != "template":
        return _with_id(content, media_id)
    for component in content["components"]:
        for parameter in component.get("parameters", ()):  # a carousel has cards instead
            inner = parameter.get(parameter["type"])
            if isinstance(inner, dict) and "media" in inner:
                parameter[parameter["type"]] = _with_id(inner, media_id)
    return content


def _with_id(content: dict[str, Any], media_id: str) -> dict[str, Any]:
    return {"id": media_id, **{name: value for name, value in content.items() if name != "media"}}


def take(*, phone_id: int, limit: int) -> list[Claim]:
    """Claim up to ``limit`` messages of a number, commit, and return them.

    Looks again at everything that may have changed since they were queued: the tenant, the number,
    its token, each window, what each customer allows. What can no longer be sent fails here; what a
    number without a valid token has queued is held.
    """
    while True:
        claims, failed = _take(phone_id, limit)
        if claims or not failed:
            return claims


@transaction.atomic(durable=True)
def _take(phone_id: int, limit: int) -> tuple[list[Claim], int]:
    """Return the claims, and how many failed: there may be more behind them."""
    tenant = _active_tenant()
    phone = Phone.objects.filter(pk=phone_id).first()
    if tenant is None or phone is None:
        return [], 0
    sender = _sender(tenant, phone)
    with connection.cursor() as cursor:
        if sender is None:
            outbox.publish(outbox.hold(cursor, phone_id))
            return [], 0
        # The place for pace: take tokens here, and claim no more heads than there were tokens.
        claims, drafts = _claim(cursor, sender, limit)
        outbox.publish(drafts)
    return claims, len(drafts)


def release(*, phone_id: int) -> None:
    """Queue again what was held for a number that may send again."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        outbox.publish(outbox.release(cursor, phone_id))


def sender_of(phone: Phone) -> Sender | None:
    """Return what a call for the number needs; None while tenant or number must not send."""
    tenant = _active_tenant()
    return None if tenant is None else _sender(tenant, phone)


def _active_tenant() -> Tenant | None:
    tenants = Tenant.objects.filter(schema_name=context.current_schema())
    return tenants.filter(status=Tenant.Status.ACTIVE).first()


def _sender(tenant: Tenant, phone: Phone) -> Sender | None:
    if phone.status != Phone.Status.ACTIVE or phone.health == Phone.Health.AUTH_ERROR:
        return None
    try:
        token = numbers.opened_token(tenant=tenant, phone=phone)
    except secrets.SealBrokenError:
        health.token_refused(tenant=tenant, phone_id=phone.pk, sealed=phone.access_token_sealed)
        return None
    return Sender(tenant, phone.pk, phone.phone_number_id, phone.access_token_sealed, token)


def _claim(cursor: Cursor, sender: Sender, limit: int) -> tuple[list[Claim], list[Draft]]:
    cursor.execute(_HEADS, {"phone": sender.phone_id, "limit": limit})
    heads = [_Head(*row) for row in cursor.fetchall()]
    refusals = {head.message_id: head.refusal() for head in heads}
    claims = [head.claim(sender) for head in heads if refusals[head.message_id] is None]
    drafts = outbox.move(cursor, [move for move in refusals.values() if move is not None])
    params = {
        "rank": rules.RANKS["SENDING"],
        "seconds": LEASE_SECONDS,
        "ids": [claim.message_id for claim in claims],
    }
    cursor.execute(_CLAIM, params)
    return claims, drafts
