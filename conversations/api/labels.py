"""Labels, and which conversation has which."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import annotations, selectors
from conversations.models import Conversation
from conversations.serializers.notes import (
    ConversationLabelsSerializer,
    LabelChangesSerializer,
    LabelDeletion,
    LabelListSerializer,
    LabelSetSerializer,
    NewLabelSerializer,
    UsedLabelSerializer,
)
from conversations.services import labels
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT, GONE
from tenants.permissions import Permission
from tenants.serializers import NoParameters

_LABEL: dict[str, Any] = {"id": 2, "name": "Trocas", "color": "ORANGE", "used": 12}
_SHOWN = OpenApiExample("A label", value=_LABEL, response_only=True)
_SET: dict[Any, Any] = {
    200: ConversationLabelsSerializer,
    **GONE,
}
_HAD = OpenApiExample(
    "Its labels",
    value={"results": [{"id": 2, "name": "Trocas", "color": "ORANGE"}]},
    response_only=True,
)


class LabelListView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    permission_to_change = Permission.MANAGE_LABELS
    location = "labels/{id}/"

    @extend_schema(
        operation_id="labels_list",
        tags=["labels"],
        summary="List the labels by name",
        description="All of them: there are 200 at most.",
        responses={200: LabelListSerializer},
        examples=[OpenApiExample("All", value={"results": [_LABEL]})],
    )
    def get(self, request: Request) -> Response:
        return Response(LabelListSerializer({"results": annotations.labels_of(self.actor)}).data)

    @extend_schema(
        operation_id="labels_create",
        tags=["labels"],
        summary="Make a label",
        request=NewLabelSerializer,
        responses={201: UsedLabelSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "A label", value={"name": "Trocas", "color": "ORANGE"}, request_only=True
            ),
            OpenApiExample("The label", value={**_LABEL, "used": 0}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewLabelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        label = labels.create(actor=self.actor, **form.validated_data)
        made = annotations.label_for(self.actor, label.pk)
        return Response(UsedLabelSerializer(made).data, status=201)


class LabelView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    permission_to_change = Permission.MANAGE_LABELS
    parameters_class = NoParameters
    parameters_of = {"DELETE": LabelDeletion}
    hold = staticmethod(labels.hold)

    @extend_schema(
        operation_id="labels_read",
        tags=["labels"],
        summary="Read one label",
        responses={200: UsedLabelSerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(UsedLabelSerializer(annotations.label_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="labels_update",
        tags=["labels"],
        summary="Call a label otherwise, or color it anew",
        request=LabelChangesSerializer,
        responses={200: UsedLabelSerializer, **CONFLICT},
        examples=[OpenApiExample("A color", value={"color": "ORANGE"}, request_only=True), _SHOWN],
    )
    def patch(self, request: Request, pk: int) -> Response:
        label = annotations.label_for(self.actor, pk)
        form = LabelChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        labels.change(actor=self.actor, label=label, **form.validated_data)
        return self.get(request, pk)

    @extend_schema(
        operation_id="labels_delete",
        tags=["labels"],
        summary="Delete a label",
        description="While conversations have it that is refused with `label_in_use`, unless"
        " `take_off` says that it is to go from all of them.",
        parameters=[LabelDeletion],
        responses={204: None, **CONFLICT},
    )
    def delete(self, request: Request, pk: int) -> Response:
        label = annotations.label_for(self.actor, pk)
        labels.delete(actor=self.actor, label=label, take_off=self.parameters["take_off"])
        return Response(status=204)


class ConversationLabelsView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    permission_to_change = Permission.HANDLE_CONVERSATIONS

    @extend_schema(
        operation_id="conversations_labels",
        tags=["labels"],
        summary="List a conversation's labels",
        responses=_SET,
        examples=[_HAD],
    )
    def get(self, request: Request, pk: int) -> Response:
        return _labels(selectors.conversation_for(self.actor, pk))

    @extend_schema(
        operation_id="conversations_labels_set",
        tags=["labels"],
        summary="Give a conversation these labels and no other",
        request=LabelSetSerializer,
        responses=_SET,
        examples=[OpenApiExample("One label", value={"labels": [2]}, request_only=True), _HAD],
    )
    def put(self, request: Request, pk: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        form = LabelSetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data["labels"]
        labels.set_on(actor=self.actor, conversation=conversation, label_ids=wanted)
        return _labels(selectors.conversation_for(self.actor, pk))


class ConversationLabelView(TenantAPIView):
    permission = Permission.HANDLE_CONVERSATIONS
    without_body = ("PUT",)

    @extend_schema(
        operation_id="conversations_label_add",
        tags=["labels"],
        summary="Give a conversation one more label",
        description="Twice is no error.",
        request=None,
        responses=_SET,
        examples=[_HAD],
    )
    def put(self, request: Request, pk: int, label_id: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        label = annotations.label_for(self.actor, label_id)
        labels.put_on(actor=self.actor, conversation=conversation, label=label)
        return _labels(selectors.conversation_for(self.actor, pk))

    @extend_schema(
        operation_id="conversations_label_remove",
        tags=["labels"],
        summary="Take a label off a conversation",
        description="Twice is no error.",
        responses=_SET,
        examples=[_HAD],
    )
    def delete(self, request: Request, pk: int, label_id: int) -> Response:
        conversation = selectors.conversation_for(self.actor, pk)
        label = annotations.label_for(self.actor, label_id)
        labels.take_off(actor=self.actor, conversation=conversation, label=label)
        return _labels(selectors.conversation_for(self.actor, pk))


def _labels(conversation: Conversation) -> Response:
    return Response(
        ConversationLabelsSerializer({"results": annotations.labels_on(conversation)}).data
    )
