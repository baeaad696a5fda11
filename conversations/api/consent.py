"""Read and write what a contact says about marketing."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import selectors
from conversations.api import examples
from conversations.models import ConsentEvent
from conversations.serializers.consent import (
    ConsentNoteSerializer,
    ConsentPageSerializer,
    ConsentSerializer,
)
from conversations.services import consent_notes
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import GONE
from tenants.permissions import Permission
from tenants.serializers import PageParameters


class ConsentView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.EDIT_CONTACTS
    parameters_class = PageParameters

    @extend_schema(
        operation_id="contacts_consent",
        tags=["contacts"],
        summary="List what a contact said about marketing, newest first",
        description="A ledger: nothing in it is changed or deleted, and the newest line counts.",
        parameters=[PageParameters],
        responses={200: ConsentPageSerializer, **GONE},
        examples=[
            OpenApiExample("A page", value=examples.page("contacts/5/consent", examples.CONSENT))
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        page = keyset.page(
            selectors.consent_of(contact),
            time_field="provider_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|consent|{contact.pk}",
            render=_lines,
        )
        return Response(page)

    @extend_schema(
        operation_id="contacts_consent_note",
        tags=["contacts"],
        summary="Note what a contact told the team about marketing",
        description="`STOP` refuses marketing templates from now on, `RESUME` allows them again."
        " What the contact's newest word says already is not written twice: the answer is that"
        " word, with `200`.",
        request=ConsentNoteSerializer,
        responses={
            200: ConsentSerializer,
            201: ConsentSerializer,
            **GONE,
        },
        examples=[
            OpenApiExample(
                "A stop", value={"value": "STOP", "note": "By phone"}, request_only=True
            ),
            OpenApiExample("A line", value=examples.CONSENT, response_only=True),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        form = ConsentNoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        line, is_new = consent_notes.note(
            actor=self.actor,
            contact=contact,
            stops=form.validated_data["value"] == ConsentEvent.Value.STOP,
            words=form.validated_data["note"],
            now=timezone.now(),
        )
        return Response(ConsentSerializer(line).data, status=201 if is_new else 200)


def _lines(rows: Sequence[ConsentEvent]) -> list[Any]:
    return list(ConsentSerializer(rows, many=True).data)
