"""Find the messages that may go next, and say of each why it can no longer go, if so."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from conversations import blocked, rules
from conversations.models import Message
from conversations.services import statuses
from conversations.services.outbox import Move
from tenants.feed import usage
from tenants.feed.live import Cursor
from tenants.models import Tenant
from tenants.permissions import TABLE, Permission
from whatsapp import errors

WINDOW_CLOSED = 131047
OPTED_OUT = 131050
NO_NUMBER = 131062
BLOCKED = 130403
# Stored in English, translated when shown.
CLOSED_WHILE_QUEUED = _("The window closed while the message was waiting to be sent.")
STOPPED_WHILE_QUEUED = _("The customer stopped marketing while the message was waiting to be sent.")
BLOCKED_WHILE_QUEUED = _("The customer was blocked while the message was waiting to be sent.")
NO_ADDRESS = _("No number of this customer is known.")

# A head of line is due, and nothing of its conversation before it is still on its way; whose end is
# unknown holds the others up for a while only. What one of us writes overtakes what waits in bulk.
# A file that it brings is with Meta already, unless the window closed meanwhile. A row that a rival
# has locked is the rival's; what he did to it is looked at again after the lock.
_HEADS = f"""
    SELECT message.lane, message.id, message.attempts, message.conversation_id,
        conversation.contact_id, message.type,
        message.content::text, message.extras #>> '{{context,id}}',
        message.media_id, upload.media_id,
        conversation.window_opened_at,
        contact.marketing_opted_out_at IS NOT NULL
            AND message.extras #>> '{{template,category}}' IS NOT DISTINCT FROM 'MARKETING',
        EXISTS (
            SELECT FROM conversations_block AS block
            WHERE block.contact_id = contact.id AND block.phone_id = message.phone_id
                AND block.state = ANY (%(apart)s::text[])
        ),
        CASE WHEN message.api_key_id IS NOT NULL THEN EXISTS (
            SELECT FROM tenants_apikey AS key
            WHERE key.id = message.api_key_id AND key.tenant_id = %(tenant)s
                AND key.revoked_at IS NULL
        ) ELSE message.author_id IS NULL OR EXISTS (
            SELECT FROM tenants_membership AS member
            JOIN tenants_user AS person ON person.id = member.user_id
            WHERE member.user_id = message.author_id AND member.tenant_id = %(tenant)s
                AND member.role = ANY (%(roles)s::text[]) AND person.is_active
        ) OR EXISTS (
            SELECT FROM tenants_supportaccess AS access
            JOIN tenants_user AS person ON person.id = access.user_id
            WHERE access.user_id = message.author_id AND access.tenant_id = %(tenant)s
                AND access.role = ANY (%(roles)s::text[]) AND access.entered_at IS NOT NULL
                AND access.ended_at IS NULL AND access.expires_at > clock_timestamp()
                AND person.is_active AND person.is_superuser
        ) END,
        message.retry_of_id IS NOT NULL AND EXISTS (
            SELECT FROM conversations_message AS other
            WHERE other.id <> message.id
                AND (other.id = message.retry_of_id OR other.retry_of_id = message.retry_of_id)
                AND other.status IN ('ACCEPTED', 'SENT', 'DELIVERED', 'READ')
        ),
        recipient.kind, recipient.value, message.created_at, clock_timestamp(),
        %(quota)s::bigint < {usage.SENT_THIS_MONTH}
    FROM unnest(%(lanes)s::int[]) AS lane (number)
    CROSS JOIN LATERAL (
        SELECT one.id FROM conversations_message AS one
        WHERE one.phone_id = %(phone)s AND one.lane = lane.number AND one.status = 'PENDING'
            AND one.direction = 'OUTBOUND'
            AND (one.due_at IS NULL OR one.due_at <= clock_timestamp())
            AND (one.media_id IS NULL OR EXISTS (
                SELECT FROM whatsapp_mediaupload AS ready
                WHERE ready.file_id = one.media_id AND ready.phone_id = one.phone_id
                    AND ready.state = 'READY' AND ready.expires_at > clock_timestamp()
            ) OR one.type <> 'TEMPLATE' AND EXISTS (
                SELECT FROM conversations_conversation AS closed
                WHERE closed.id = one.conversation_id
                    AND closed.window_opened_at < clock_timestamp() - interval '24 hours'
            ))
            AND NOT EXISTS (
                SELECT FROM conversations_message AS ahead
                WHERE ahead.phone_id = one.phone_id AND ahead.conversation_id = one.conversation_id
                    AND ahead.id <> one.id AND (
                        ahead.status = 'SENDING'
                        OR ahead.status = 'UNKNOWN' AND ahead.due_at > clock_timestamp()
                        OR ahead.status IN ('PENDING', 'HELD')
                            AND (ahead.lane = %(bulk)s, ahead.id) < (one.lane = %(bulk)s, one.id)
                    )
            )
        ORDER BY one.id LIMIT %(limit)s
    ) AS head
    JOIN conversations_message AS message ON message.id = head.id
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
    WHERE message.status = 'PENDING'
    ORDER BY message.id
    FOR NO KEY UPDATE OF message SKIP LOCKED
"""  # noqa: S608 - words of our own


@dataclass(frozen=True, slots=True)
class Sender:
    """The number that a batch leaves from, as it was at the claim."""

    tenant: Tenant
    phone_id: int
    phone_number_id: str
    sealed: str
    token: str = field(repr=False)
    is_proven: bool = False  # Meta took calls with this token before


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send, once."""

    sender: Sender
    message_id: int
    conversation_id: int
    attempt: int
    body: dict[str, Any]  # Meta's envelope
    file_id: int | None = None  # of the file that it brings
    media_id: str = ""  # Meta's id of that
    leaves_at: float = 0.0  # on this process's monotonic clock


@dataclass(frozen=True, slots=True)
class Head:
    """A head of line as the claim finds it."""

    lane: int
    message_id: int
    attempts: int
    conversation_id: int
    contact_id: int
    type: str
    content: str  # JSON
    quoted: str | None  # the wamid of what it answers
    file_id: int | None
    media_id: str | None
    opened_at: datetime | None
    unwanted: bool  # marketing, to whom said stop
    apart: bool  # the customer is blocked
    permitted: bool  # whoever wrote it may still send
    needless: bool  # another attempt at it arrived after all
    kind: str | None
    address: str | None
    queued_at: datetime
    now: datetime
    over_quota: bool | None  # of all: more is queued this month than the plan allows

    @property
    def reaches_out(self) -> bool:
        """Whether it is a template to somebody whose window is closed: Meta limits how many."""
        return self.type == Message.Type.TEMPLATE and not self._window_open

    @property
    def _window_open(self) -> bool:
        return rules.window_open(self.opened_at, self.now)

    def refusal(self) -> Move | None:
        """Return why it can no longer be sent, if so."""
        if self.needless:
            return self._moved("CANCELLED", errors.ALREADY_ARRIVED)
        if self.address is None:
            return self._failed(NO_NUMBER, NO_ADDRESS)
        if self.type != Message.Type.TEMPLATE and not self._window_open:
            return self._failed(WINDOW_CLOSED, CLOSED_WHILE_QUEUED)
        if self.unwanted:
            return self._failed(OPTED_OUT, STOPPED_WHILE_QUEUED)
        if self.apart:
            return self._failed(BLOCKED, BLOCKED_WHILE_QUEUED)
        if not self.permitted:
            return self._failed(errors.NOT_PERMITTED, "")
        return None

    def _failed(self, code: int, detail: str) -> Move:
        return self._moved("FAILED", code, detail)

    def _moved(self, status: str, code: int, detail: str = "") -> Move:
        return Move(self.message_id, self.attempts, status, was="PENDING", code=code, detail=detail)

    def claim(self, sender: Sender, leaves_at: float) -> Claim:
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
            sender,
            self.message_id,
            self.conversation_id,
            self.attempts + 1,
            body,
            self.file_id,
            self.media_id or "",
            leaves_at,
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


def find(cursor: Cursor, sender: Sender, limit: int, *, with_bulk: bool) -> list[Head]:
    """Return up to ``limit`` heads of line of each lane, locked, in the order of their ids."""
    lanes = [lane for lane in rules.Lane if with_bulk or lane != rules.Lane.BULK]
    params = {
        "phone": sender.phone_id,
        "tenant": sender.tenant.pk,
        "lanes": list(map(int, lanes)),
        "bulk": int(rules.Lane.BULK),
        "apart": list(blocked.APART),
        "roles": [str(role) for role in TABLE[Permission.REPLY]],
        "limit": limit,
        "quota": sender.tenant.plan.messages_per_month,
    }
    cursor.execute(_HEADS, params)
    return [Head(*row) for row in cursor.fetchall()]
