"""Read conversations and what was said in them."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import listing, selectors
from conversations.api import examples
from conversations.models import Conversation, Message
from conversations.serializers.handling import ConversationParameters, choice
from conversations.serializers.reading import (
    ConversationPageSerializer,
    ConversationSerializer,
    MessagePageSerializer,
    MessageSerializer,
)
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import GONE
from tenants.permissions import Permission
from tenants.serializers import PageParameters


class ConversationListView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    parameters_class = ConversationParameters

    @extend_schema(
        operation_id="conversations_list",
        tags=["conversations"],
        summary="List conversations, newest first",
        parameters=[ConversationParameters],
        responses={200: ConversationPageSerializer},
        examples=[
            OpenApiExample("A page", value=examples.page("conversations/", examples.CONVERSATION))
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            listing.listed(self.actor, choice(self.parameters, self.actor)),
            time_field="last_message_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|conversations",
            render=rendered,
        )
        return Response(page)


class ConversationView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="conversations_read",
        tags=["conversations"],
        summary="Read one conversation",
        responses={200: ConversationSerializer, **GONE},
        examples=[OpenApiExample("A conversation", value=examples.CONVERSATION)],
    )
    def get(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        return Response(rendered([conversation])[0])


class MessageListView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    parameters_class = PageParameters

    @extend_schema(
        operation_id="conversations_messages",
        tags=["conversations"],
        summary="List a conversation's messages, newest first",
        parameters=[PageParameters],
        responses={200: MessagePageSerializer, **GONE},
        examples=[
            OpenApiExample(
                "A page",
                value=examples.page("conversations/7/messages", examples.FAILED, examples.RECEIVED),
            )
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        page = keyset.page(
            selectors.messages_of(conversation),
            time_field="timestamp",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|messages|{conversation.pk}",
            render=_messages,
        )
        return Response(page)


def rendered(rows: Sequence[Conversation]) -> list[Any]:
    """Return conversations as the API gives them."""
    selectors.with_marks(row.last_message for row in rows)
    return list(ConversationSerializer(rows, many=True).data)


def _messages(rows: Sequence[Message]) -> list[Any]:
    selectors.with_marks(rows)
    return list(MessageSerializer(rows, many=True).data)
