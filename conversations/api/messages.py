"""Send messages."""

import hashlib
import json
import re
from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples
from conversations.models import Conversation, Message
from conversations.serializers import MessageSerializer, SendSerializer
from conversations.services import idempotency, outbound
from conversations.services.idempotency import Answer
from tenants.api.base import HeaderError, TenantAPIView
from tenants.permissions import Permission
from tenants.serializers import ProblemSerializer

PROBLEM_TYPE = "application/problem+json"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class SendView(TenantAPIView):
    permission = Permission.REPLY

    @extend_schema(
        operation_id="messages_send",
        tags=["messages"],
        summary="Send a message",
        description="Queues a free-form message; its status tells what becomes of it. Free text may"
        " be sent within 24 hours of the customer's last message.",
        request=SendSerializer,
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "pattern": f"^{_KEY.pattern}$"},
                OpenApiParameter.HEADER,
                description="Up to 255 visible ASCII characters of your own making. Within 24 hours"
                " the same key and body give the first answer again and send nothing.",
            )
        ],
        responses={
            202: MessageSerializer,
            (409, PROBLEM_TYPE): ProblemSerializer,
            (422, PROBLEM_TYPE): ProblemSerializer,
        },
        examples=[
            OpenApiExample(
                "Into a conversation", value=examples.SEND_BY_CONVERSATION, request_only=True
            ),
            OpenApiExample("To a number", value=examples.SEND_BY_NUMBER, request_only=True),
            OpenApiExample(
                "Queued", value=examples.QUEUED, response_only=True, status_codes=["202"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = SendSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = _idempotency_key(request)

        def act() -> Answer:
            return Answer(202, MessageSerializer(self._send(form.validated_data)).data)

        if key is None:
            answer = act()
        else:
            answer = idempotency.once(
                client=f"user:{request.user.pk}",
                key=key,
                fingerprint=_fingerprint(request),
                now=timezone.now(),
                act=act,
            )
        headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
        return Response(answer.body, status=answer.status, headers=headers)

    def _send(self, data: dict[str, Any]) -> Message:
        return outbound.send_text(
            actor=self.actor,
            conversation=self._conversation(data),
            text=data["text"]["body"],
            client_id=uuid4(),
            now=timezone.now(),
        )

    def _conversation(self, data: dict[str, Any]) -> Conversation:
        phone_id = data.get("phone")
        if "to" in data:
            found = selectors.conversation_with(self.actor, number=data["to"], phone_id=phone_id)
            if found is None:
                raise outbound.WindowClosedError  # whoever never wrote has no window
            return found
        conversation = selectors.conversation_for(self.actor, data["conversation"])
        if phone_id not in (None, conversation.phone_id):
            raise ValidationError({"phone": [_("This conversation is on another number.")]})
        return conversation


def _idempotency_key(request: Request) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        sentence = _("Use 1 to 255 visible ASCII characters.")
        raise HeaderError({"Idempotency-Key": [sentence]})
    return key


def _fingerprint(request: Request) -> str:
    """Return the same text for the same request, however its JSON was laid out."""
    parts = [request.method, request.path.rstrip("/"), request.data]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
