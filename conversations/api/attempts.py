"""One message: read it, take it back, send it again."""

from uuid import uuid4

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples
from conversations.rules import Lane
from conversations.serializers.reading import MessageSerializer
from conversations.services import cancelling, retrying
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission


class MessageView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="messages_read",
        tags=["messages"],
        summary="Read one message",
        responses={200: MessageSerializer},
        examples=[OpenApiExample("A message", value=examples.FAILED)],
    )
    def get(self, request: Request, pk: int) -> Response:
        message = selectors.message_for(self.actor, pk)
        selectors.with_marks([message])
        return Response(MessageSerializer(message).data)


class RetryView(TenantAPIView):
    permission = Permission.REPLY
    without_body = ("POST",)

    @extend_schema(
        operation_id="messages_retry",
        tags=["messages"],
        summary="Send a message again that failed or was never confirmed",
        description="As a new message, whose `retry_of` is the first attempt. Refused with"
        " `send_again_refused` where that cannot help, or somebody has done it already.",
        request=None,
        responses={202: MessageSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "Queued",
                value={**examples.QUEUED, "id": 1209, "retry_of": 1204},
                response_only=True,
                status_codes=["202"],
            )
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        attempt = retrying.send_again(
            actor=self.actor,
            message=selectors.message_for(self.actor, pk),
            client_id=uuid4(),
            now=timezone.now(),
            lane=Lane.API,
        )
        return Response(MessageSerializer(attempt).data, status=202)


class CancelView(TenantAPIView):
    permission = Permission.REPLY
    without_body = ("POST",)

    @extend_schema(
        operation_id="messages_cancel",
        tags=["messages"],
        summary="Take a message back before it leaves",
        description="Only while it is `PENDING` or `HELD`: what may be on its way cannot be taken"
        " back, and is refused with `already_left`. Twice is no error.",
        request=None,
        responses={
            200: MessageSerializer,
            **CONFLICT,
        },
        examples=[OpenApiExample("Taken back", value=examples.CANCELLED, response_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        message = selectors.message_for(self.actor, pk)
        cancelled = cancelling.cancel(actor=self.actor, message=message)
        return Response(MessageSerializer(cancelled).data)
