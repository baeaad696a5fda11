"""What a tenant keeps of its contacts: the definitions."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import directory
from conversations.serializers.contacts import (
    AttributeChangesSerializer,
    AttributeDeletion,
    AttributeListSerializer,
    AttributeSerializer,
    NewAttributeSerializer,
)
from conversations.services import attributes
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission

_ATTRIBUTE: dict[str, Any] = {
    "id": 4,
    "key": "cliente_desde",
    "label": "Cliente desde",
    "kind": "DATE",
    "choices": [],
    "created_at": "2026-11-10T12:00:00Z",
}
_SHOWN = OpenApiExample("An attribute", value=_ATTRIBUTE, response_only=True)


class AttributeListView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.MANAGE_ATTRIBUTES
    location = "contact-attributes/{id}/"

    @extend_schema(
        operation_id="contact_attributes_list",
        tags=["contacts"],
        summary="List what you keep of contacts",
        description="All of it: there are 50 at most.",
        responses={200: AttributeListSerializer},
        examples=[OpenApiExample("All", value={"results": [_ATTRIBUTE]})],
    )
    def get(self, request: Request) -> Response:
        listed = directory.attributes_of(self.actor)
        return Response(AttributeListSerializer({"results": listed}).data)

    @extend_schema(
        operation_id="contact_attributes_create",
        tags=["contacts"],
        summary="Define something to keep of contacts",
        request=NewAttributeSerializer,
        responses={201: AttributeSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "A date",
                value={"key": "cliente_desde", "label": "Cliente desde", "kind": "DATE"},
                request_only=True,
            ),
            _SHOWN,
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewAttributeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = attributes.create(actor=self.actor, **form.validated_data)
        made.refresh_from_db()
        return Response(AttributeSerializer(made).data, status=201)


class AttributeView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.MANAGE_ATTRIBUTES
    parameters_of = {"DELETE": AttributeDeletion}
    hold = staticmethod(attributes.hold)

    @extend_schema(
        operation_id="contact_attributes_read",
        tags=["contacts"],
        summary="Read one attribute of contacts",
        responses={200: AttributeSerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(AttributeSerializer(directory.attribute_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="contact_attributes_update",
        tags=["contacts"],
        summary="Change how an attribute is read, or its choices",
        request=AttributeChangesSerializer,
        responses={200: AttributeSerializer},
        examples=[OpenApiExample("A label", value={"label": "Desde"}, request_only=True), _SHOWN],
    )
    def patch(self, request: Request, pk: int) -> Response:
        attribute = directory.attribute_for(self.actor, pk)
        form = AttributeChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = attributes.change(actor=self.actor, attribute=attribute, **form.validated_data)
        return Response(AttributeSerializer(changed).data)

    @extend_schema(
        operation_id="contact_attributes_delete",
        tags=["contacts"],
        summary="Delete an attribute of contacts",
        description="While contacts have a value of it that is refused with `attribute_in_use`,"
        " unless `with_values` says that these are to be forgotten.",
        parameters=[AttributeDeletion],
        responses={204: None, **CONFLICT},
    )
    def delete(self, request: Request, pk: int) -> Response:
        attributes.delete(
            actor=self.actor,
            attribute=directory.attribute_for(self.actor, pk),
            with_values=self.parameters["with_values"],
        )
        return Response(status=204)
