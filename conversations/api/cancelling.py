"""Take messages back."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples
from conversations.serializers.reading import MessageSerializer
from conversations.services import cancelling
from tenants.api.base import TenantAPIView
from tenants.permissions import Permission
from tenants.serializers import ProblemSerializer


class CancelView(TenantAPIView):
    permission = Permission.REPLY

    @extend_schema(
        operation_id="messages_cancel",
        tags=["messages"],
        summary="Take a message back before it leaves",
        description="Only while it is `PENDING` or `HELD`: what may be on its way cannot be taken"
        " back, and is refused with `already_left`. Twice is no error.",
        request=None,
        responses={
            200: MessageSerializer,
            (409, "application/problem+json"): ProblemSerializer,
        },
        examples=[OpenApiExample("Taken back", value=examples.CANCELLED, response_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        message = selectors.message_for(self.actor, pk)
        cancelled = cancelling.cancel(actor=self.actor, message=message)
        return Response(MessageSerializer(cancelled).data)
