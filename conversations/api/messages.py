"""Send messages."""

from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples, sending
from conversations.models import Conversation, Message
from conversations.rules import Lane
from conversations.serializers.reading import DryRunSerializer, MessageSerializer
from conversations.serializers.sending import SendSerializer
from conversations.services import outbound
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT, GONE
from tenants.permissions import Permission


class SendView(TenantAPIView):
    permission = Permission.REPLY

    @extend_schema(
        operation_id="messages_send",
        tags=["messages"],
        summary="Send a message",
        description="Queues a free-form message; its status tells what becomes of it. It may be"
        " sent within 24 hours of the customer's last message. Everything is checked by WhatsApp's"
        " limits first, and a refusal names each place. `context` quotes a message.",
        request=SendSerializer,
        responses={
            200: DryRunSerializer,
            202: MessageSerializer,
            **CONFLICT,
            **GONE,
        },
        examples=[
            *(
                OpenApiExample(name, value=value, request_only=True)
                for name, value in sending.REQUESTS.items()
            ),
            OpenApiExample(
                "Nothing sent", value=sending.DRY_RUN, response_only=True, status_codes=["200"]
            ),
            OpenApiExample(
                "Queued", value=examples.QUEUED, response_only=True, status_codes=["202"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = SendSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        message = self._wanted(form.validated_data)
        if form.validated_data["dry_run"]:
            draft = outbound.check_message(**message)
            return Response(DryRunSerializer(draft).data)
        queued = outbound.send_message(client_id=uuid4(), lane=Lane.API, **message)
        return Response(MessageSerializer(queued).data, status=202)

    def _wanted(self, data: dict[str, Any]) -> dict[str, Any]:
        conversation = self.conversation_of(data)
        return {
            "actor": self.actor,
            "conversation": conversation,
            "kind": data["type"],
            "content": data[data["type"]],
            "reply_to": _answered(conversation, data.get("context")),
            "now": timezone.now(),
        }

    def conversation_of(self, data: dict[str, Any]) -> Conversation:
        """Return where a message goes. Raises: NotFoundError, WindowClosedError."""
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


def _answered(conversation: Conversation, context: dict[str, Any] | None) -> Message | None:
    if context is None:
        return None
    found = selectors.message_named(conversation, context["message_id"])
    if found is None:
        sentence = _("There is no such message in this conversation.")
        raise ValidationError({"context": {"message_id": [sentence]}}, "not_found")
    return found
