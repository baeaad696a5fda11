"""Read and name contacts."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples
from conversations.serializers.reading import ContactSerializer, NameSerializer
from conversations.services import contacts
from tenants.api.base import TenantAPIView
from tenants.permissions import Permission
from tenants.serializers import ProblemSerializer

PROBLEM_TYPE = "application/problem+json"


class ContactView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.EDIT_CONTACTS

    @extend_schema(
        operation_id="contacts_read",
        tags=["contacts"],
        summary="Read one contact",
        description="A contact that was merged with another one is gone for good: `410`, and"
        " `merged_into` is the id of the other.",
        responses={200: ContactSerializer, (410, PROBLEM_TYPE): ProblemSerializer},
        examples=[OpenApiExample("A contact", value=examples.CONTACT)],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(ContactSerializer(selectors.contact_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="contacts_update",
        tags=["contacts"],
        summary="Name a contact",
        description="A name that was written here is never replaced by the one on WhatsApp.",
        request=NameSerializer,
        responses={200: ContactSerializer, (410, PROBLEM_TYPE): ProblemSerializer},
        examples=[
            OpenApiExample("A name", value={"name": "Marina (ateliê)"}, request_only=True),
            OpenApiExample("A contact", value=examples.CONTACT, response_only=True),
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        form = NameSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        contacts.rename(actor=self.actor, contact=contact, name=form.validated_data["name"])
        return Response(ContactSerializer(selectors.contact_for(self.actor, pk)).data)
