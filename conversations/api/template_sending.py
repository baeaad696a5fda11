"""Send templates."""

from typing import Any
from uuid import uuid4

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api import examples
from conversations.api.messages import SendView
from conversations.rules import Lane
from conversations.serializers.reading import MessageSerializer
from conversations.services import starting, template_sending
from conversations.services.template_sending import TemplateUnknownError
from tenants.api.refusals import CONFLICT
from whatsapp import selectors as whatsapp
from whatsapp.serializers import SendTemplateSerializer


class SendTemplateView(SendView):
    @extend_schema(
        operation_id="messages_template",
        tags=["messages"],
        summary="Send a template",
        description="Queues an approved template, also when the 24-hour window is closed. `values`"
        " fill its fields by the keys that the template's `fields` name. What WhatsApp would refuse"
        " is refused here, naming each place. `to` may be somebody who has never written.",
        request=SendTemplateSerializer,
        responses={
            202: MessageSerializer,
            **CONFLICT,
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
        place = self._place(data)
        phone = place["phone"] if "phone" in place else place["conversation"].phone
        template = whatsapp.template_named(self.actor, waba_id=phone.waba_id, **data["template"])
        if template is None:
            raise TemplateUnknownError
        act = starting.send_template if "phone" in place else template_sending.send_template
        queued = act(
            actor=self.actor,
            **place,
            template=template,
            values=data["values"],
            client_id=uuid4(),
            now=timezone.now(),
            lane=Lane.API,
        )
        return Response(MessageSerializer(queued).data, status=202)

    def _place(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return where a template goes: a conversation, or a number and from which of ours."""
        if "conversation" in data:
            return {"conversation": self.conversation_of(data)}
        phone = whatsapp.phone_to_send_from(self.actor, data.get("phone"))
        return {"number": f"+{data['to'].lstrip('+')}", "phone": phone}
