"""What the team writes down about a conversation."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import annotations, selectors
from conversations.models import Note
from conversations.serializers.notes import (
    NotePageSerializer,
    NoteSerializer,
    NoteWordsSerializer,
)
from conversations.services import notes
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import GONE
from tenants.permissions import Permission
from tenants.serializers import PageParameters

_NOTE: dict[str, Any] = {
    "id": 12,
    "conversation": 7,
    "body": "Prefere retirar na loja.",
    "author": {"id": 3, "name": "Ana"},
    "api_key": None,
    "created_at": "2026-11-10T12:00:00Z",
    "edited_at": None,
    "deleted_at": None,
}
_WORDS = OpenApiExample("A note", value={"body": "Prefere retirar na loja."}, request_only=True)


class NoteListView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    permission_to_change = Permission.HANDLE_CONVERSATIONS
    parameters_of = {"GET": PageParameters}

    @extend_schema(
        operation_id="conversations_notes",
        tags=["notes"],
        summary="List a conversation's notes, newest first",
        description="Deleted ones as well, without their words.",
        parameters=[PageParameters],
        responses={200: NotePageSerializer, **GONE},
        examples=[
            OpenApiExample("A page", value={"results": [_NOTE], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        page = keyset.page(
            annotations.notes_of(conversation),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|notes|{conversation.pk}",
            render=_rendered,
        )
        return Response(page)

    @extend_schema(
        operation_id="conversations_notes_create",
        tags=["notes"],
        summary="Write a note down",
        description="For the team only: no customer ever gets it.",
        request=NoteWordsSerializer,
        responses={201: NoteSerializer, **GONE},
        examples=[_WORDS, OpenApiExample("The note", value=_NOTE, response_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        form = NoteWordsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        note = notes.add(actor=self.actor, conversation=conversation, **form.validated_data)
        return Response(NoteSerializer(note).data, status=201)


class NoteView(TenantAPIView):
    permission = Permission.HANDLE_CONVERSATIONS

    @extend_schema(
        operation_id="conversations_notes_update",
        tags=["notes"],
        summary="Write a note anew",
        description="By whoever wrote it, or an admin.",
        request=NoteWordsSerializer,
        responses={200: NoteSerializer, **GONE},
        examples=[_WORDS, OpenApiExample("The note", value=_NOTE, response_only=True)],
    )
    def patch(self, request: Request, pk: int, note_id: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        note = annotations.note_for(conversation, note_id)
        form = NoteWordsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        notes.edit(actor=self.actor, note=note, now=timezone.now(), **form.validated_data)
        return Response(NoteSerializer(annotations.note_for(conversation, note_id)).data)

    @extend_schema(
        operation_id="conversations_notes_delete",
        tags=["notes"],
        summary="Forget a note's words",
        description="By whoever wrote it, or an admin. That there was one stays to be seen.",
        responses={204: None, **GONE},
    )
    def delete(self, request: Request, pk: int, note_id: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        note = annotations.note_for(conversation, note_id)
        notes.delete(actor=self.actor, note=note, now=timezone.now())
        return Response(status=204)


def _rendered(rows: Sequence[Note]) -> list[Any]:
    return list(NoteSerializer(rows, many=True).data)
