"""What may be done with a broadcast."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import uuid4

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import broadcasts
from conversations.api import examples
from conversations.models import Broadcast
from conversations.serializers.broadcasts import BroadcastSerializer, TestSerializer
from conversations.serializers.reading import MessageSerializer
from conversations.services.broadcasts import control
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission


class ActView(TenantAPIView):
    """One act; it is refused with `broadcast_state` where the broadcast's state forbids it."""

    permission = Permission.BROADCAST
    without_body = ("POST",)
    act: ClassVar[Callable[..., Broadcast]]

    def post(self, request: Request, pk: int) -> Response:
        found = broadcasts.broadcast_for(self.actor, pk)
        type(self).act(actor=self.actor, broadcast=found, now=timezone.now())
        return Response(BroadcastSerializer(broadcasts.broadcast_for(self.actor, pk)).data)


def _act(name: str, summary: str, description: str) -> Callable[[type[ActView]], type[ActView]]:
    """Describe an act's only method."""
    method = extend_schema(
        operation_id=f"broadcasts_{name}",
        tags=["broadcasts"],
        summary=summary,
        description=description,
        request=None,
        responses={200: BroadcastSerializer, **CONFLICT},
        examples=[OpenApiExample("Done", value=examples.BROADCAST)],
    )
    described: Any = extend_schema_view(post=method)
    decorated: Callable[[type[ActView]], type[ActView]] = described
    return decorated


@_act("start", "Start a draft", "Writes to everybody on its list who is `READY`.")
class StartView(ActView):
    act = staticmethod(control.start)


@_act("pause", "Pause a running one", "What has not left is taken back; it goes on with `resume`.")
class PauseView(ActView):
    act = staticmethod(control.pause)


@_act(
    "resume",
    "Go on with a paused one",
    "From here on it is judged anew: it pauses by itself if too much fails again.",
)
class ResumeView(ActView):
    act = staticmethod(control.resume)


@_act("cancel", "End it for good", "What has not left yet never will.")
class CancelView(ActView):
    act = staticmethod(control.cancel)


@_act(
    "retry",
    "Write again to whom it failed for",
    "A new attempt for each whose failure may be over; nobody else gets anything.",
)
class RetryView(ActView):
    act = staticmethod(control.retry_failed)


class TestView(TenantAPIView):
    permission = Permission.BROADCAST

    @extend_schema(
        operation_id="broadcasts_test",
        tags=["broadcasts"],
        summary="Send the first row's message to a number of your own",
        request=TestSerializer,
        responses={
            202: MessageSerializer,
            **CONFLICT,
        },
        examples=[
            OpenApiExample("To oneself", value={"to": "+5511987654321"}, request_only=True),
            OpenApiExample(
                "Queued",
                value=examples.TEMPLATE_QUEUED,
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        found = broadcasts.broadcast_for(self.actor, pk)
        form = TestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        message = control.send_test(
            actor=self.actor,
            broadcast=found,
            number=form.validated_data["to"],
            client_id=uuid4(),
            now=timezone.now(),
        )
        return Response(MessageSerializer(message).data, status=202)
