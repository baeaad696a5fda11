"""What the team does with a conversation."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples
from conversations.api.conversations import rendered
from conversations.serializers.handling import AssigneeSerializer, StatusSerializer
from conversations.serializers.reading import ConversationSerializer
from conversations.services import handling, reading
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT, GONE
from tenants.permissions import Permission

_ANSWERS: dict[Any, Any] = {200: ConversationSerializer, **GONE}
_RIVALRY = {**_ANSWERS, **CONFLICT}


def _shown(**members: Any) -> OpenApiExample:
    value = {**examples.CONVERSATION, **members}
    return OpenApiExample("The conversation", value=value, response_only=True)


_STATES = [
    OpenApiExample("Close it", value={"status": "CLOSED"}, request_only=True),
    OpenApiExample(
        "Until tomorrow",
        value={"status": "SNOOZED", "until": "2026-11-11T11:00:00Z"},
        request_only=True,
    ),
    _shown(status="CLOSED"),
]


class _HandlingView(TenantAPIView):
    permission = Permission.HANDLE_CONVERSATIONS

    def answer(self, pk: int) -> Response:
        """Return the conversation as it is now."""
        return Response(rendered([selectors.conversation_for(self.actor, pk)])[0])


class StatusView(_HandlingView):
    @extend_schema(
        operation_id="conversations_status",
        tags=["conversations"],
        summary="Open, close, snooze or archive a conversation",
        description="`PENDING` waits for somebody else, `SNOOZED` until a moment, `CLOSED` is done,"
        " `ARCHIVED` is not listed. Whichever it is: when the customer writes, it is `OPEN` again."
        " The same state again changes nothing.",
        request=StatusSerializer,
        responses=_ANSWERS,
        examples=_STATES,
    )
    def put(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        form = StatusSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        handling.set_status(
            actor=self.actor, conversation=conversation, now=timezone.now(), **form.validated_data
        )
        return self.answer(pk)

    @extend_schema(
        operation_id="conversations_status_update",
        tags=["conversations"],
        summary="Open, close, snooze or archive a conversation",
        description="The same as PUT.",
        request=StatusSerializer,
        responses=_ANSWERS,
        examples=_STATES,
    )
    def patch(self, request: Request, pk: int) -> Response:
        return self.put(request, pk)


class AssigneeView(_HandlingView):
    @extend_schema(
        operation_id="conversations_assign",
        tags=["conversations"],
        summary="Give a conversation to somebody",
        description="Of two who claim one at the same time the first has it; the other one gets"
        " `assigned_already`, with who has it, and may `take_over`.",
        request=AssigneeSerializer,
        responses=_RIVALRY,
        examples=[
            OpenApiExample("To oneself", value={}, request_only=True),
            OpenApiExample(
                "From a colleague", value={"user": 3, "take_over": True}, request_only=True
            ),
            _shown(),
        ],
    )
    def put(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        form = AssigneeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        handling.assign(
            actor=self.actor,
            conversation=conversation,
            user_id=self._wanted(form.validated_data),
            take_over=form.validated_data["take_over"],
        )
        return self.answer(pk)

    def _wanted(self, data: dict[str, Any]) -> int:
        if "user" in data:
            user_id: int = data["user"]
            return user_id
        if self.actor.user is None:
            raise ValidationError({"user": [_("A program has no conversations.")]})
        return self.actor.user.pk

    @extend_schema(
        operation_id="conversations_unassign",
        tags=["conversations"],
        summary="Give a conversation back to everybody",
        responses=_ANSWERS,
        examples=[_shown(assignee=None)],
    )
    def delete(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        handling.assign(actor=self.actor, conversation=conversation, user_id=None)
        return self.answer(pk)


class ReadView(_HandlingView):
    without_body = ("POST",)

    @extend_schema(
        operation_id="conversations_mark_read",
        tags=["conversations"],
        summary="Mark all of a conversation as read",
        description="The customer sees it where the number's `read_policy` is `ON_OPEN`.",
        request=None,
        responses=_ANSWERS,
        examples=[_shown(unread_count=0)],
    )
    def post(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        newest = selectors.newest_id(conversation)
        reading.mark_read(actor=self.actor, conversation=conversation, up_to_id=newest)
        return self.answer(pk)

    @extend_schema(
        operation_id="conversations_mark_unread",
        tags=["conversations"],
        summary="Mark the customer's last message as unread",
        description="For the team only: what the customer saw as read stays so.",
        responses=_ANSWERS,
        examples=[_shown(unread_count=1)],
    )
    def delete(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        reading.mark_unread(actor=self.actor, conversation=conversation)
        return self.answer(pk)
