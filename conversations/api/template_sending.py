"""Send templates."""

from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api import examples
from conversations.api.messages import KEY_PARAMETER, PROBLEM_TYPE, SendView
from conversations.models import Conversation, Message
from conversations.serializers.reading import MessageSerializer
from conversations.services import template_sending
from conversations.services.outbound import WindowClosedError
from conversations.services.template_sending import TemplateUnknownError
from tenants.errors import NotFoundError
from tenants.serializers import ProblemSerializer
from whatsapp import selectors as whatsapp
from whatsapp.serializers import SendTemplateSerializer

NEVER_WROTE = _("This number has never written: no conversation with it is known.")


class SendTemplateView(SendView):
    @extend_schema(
        operation_id="messages_template",
        tags=["messages"],
        summary="Send a template",
        description="Queues an approved template, also when the 24-hour window is closed. `values`"
        " fill its fields by the keys that the template's `fields` name. What WhatsApp would refuse"
        " is refused here, naming each place.",
        request=SendTemplateSerializer,
        parameters=[KEY_PARAMETER],
        responses={
            202: MessageSerializer,
            (409, PROBLEM_TYPE): ProblemSerializer,
            (422, PROBLEM_TYPE): ProblemSerializer,
        },
        examples=[
            OpenApiExample(
                "A template",
                value={
                    "conversation": 7,
                    "template": {"name": "pedido_saiu", "language": "pt_BR"},
                    "values": {"body.1": "Marina"},
                },
                request_only=True,
            ),
            OpenApiExample(
                "Queued",
                value=examples.TEMPLATE_QUEUED,
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = SendTemplateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        conversation = self.conversation_of(data)
        template = whatsapp.template_named(
            self.actor, waba_id=conversation.phone.waba_id, **data["template"]
        )
        if template is None:
            raise TemplateUnknownError

        def send() -> Message:
            return template_sending.send_template(
                actor=self.actor,
                conversation=conversation,
                template=template,
                values=data["values"],
                client_id=uuid4(),
                now=timezone.now(),
            )

        return self.answer_once(request, send)

    def conversation_of(self, data: dict[str, Any]) -> Conversation:
        """Return where a template goes. Raises: NotFoundError."""
        try:
            return super().conversation_of(data)
        except WindowClosedError:  # a template needs no window, but somebody to go to
            raise NotFoundError(NEVER_WROTE) from None
