"""Block and unblock contacts, and list who is blocked. No request waits for Meta."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import blocked, selectors
from conversations.api import examples
from conversations.models import Block
from conversations.serializers.blocks import (
    BlockedPageSerializer,
    BlockedParameters,
    BlockSerializer,
    BlocksOfContactSerializer,
    NumberParameters,
)
from conversations.services import blocking
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT, GONE
from tenants.permissions import Permission
from whatsapp import selectors as numbers
from whatsapp.api.examples import JOB
from whatsapp.serializers import JobSerializer

_BLOCK: dict[str, Any] = {
    "contact": examples.CONTACT,
    "phone": 1,
    "state": "BLOCKED",
    "error": None,
    "author": {"id": 3, "name": "Ana"},
    "changed_at": "2026-11-10T12:00:03Z",
}
_JOB = OpenApiExample(
    "A job",
    value={**JOB, "kind": "CONTACT_BLOCK", "subject": "contact/5/1", "account": "contact/5/1"},
    response_only=True,
    status_codes=["202"],
)


class ContactBlockView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.BLOCK_CONTACTS
    without_body = ("POST",)
    parameters_class = NumberParameters

    @extend_schema(
        operation_id="contacts_blocks",
        tags=["contacts"],
        summary="Tell on which numbers a contact is blocked",
        parameters=[NumberParameters],
        responses={200: BlocksOfContactSerializer, **GONE},
        examples=[OpenApiExample("A contact's blocks", value={"results": [_BLOCK]})],
    )
    def get(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        found = blocked.blocks_of(contact, phone_id=self.parameters.get("phone"))
        return Response({"results": _rows(list(found))})

    @extend_schema(
        operation_id="contacts_block",
        tags=["contacts"],
        summary="Block a contact on a number",
        description="By a job. WhatsApp lets a business block only who wrote to it within the last"
        " 24 hours. While somebody is blocked nothing comes in and nothing goes out.",
        parameters=[NumberParameters],
        request=None,
        responses={202: JobSerializer, **CONFLICT, **GONE},
        examples=[_JOB],
    )
    def post(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        phone = numbers.phone_to_send_from(self.actor, self.parameters.get("phone"))
        job = blocking.block(actor=self.actor, contact=contact, phone=phone, now=timezone.now())
        return Response(JobSerializer(job).data, status=202)

    @extend_schema(
        operation_id="contacts_unblock",
        tags=["contacts"],
        summary="Unblock a contact on a number",
        description="By a job.",
        parameters=[NumberParameters],
        responses={202: JobSerializer, **CONFLICT, **GONE},
        examples=[_JOB],
    )
    def delete(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        phone = numbers.phone_to_send_from(self.actor, self.parameters.get("phone"))
        job = blocking.unblock(actor=self.actor, contact=contact, phone=phone, now=timezone.now())
        return Response(JobSerializer(job).data, status=202)


class BlockedView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    parameters_class = BlockedParameters

    @extend_schema(
        operation_id="blocks_list",
        tags=["contacts"],
        summary="List who is blocked, whose state changed last first",
        parameters=[BlockedParameters],
        responses={200: BlockedPageSerializer},
        examples=[OpenApiExample("A page", value=examples.page("blocks", _BLOCK))],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            blocked.blocked(self.actor, phone_id=self.parameters.get("phone")),
            time_field="changed_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|blocks",
            render=_rows,
        )
        return Response(page)


class BlocksRefreshView(TenantAPIView):
    permission = Permission.BLOCK_CONTACTS
    without_body = ("POST",)
    parameters_class = NumberParameters

    @extend_schema(
        operation_id="blocks_refresh",
        tags=["contacts"],
        summary="Read from WhatsApp who is blocked on a number",
        description="Starts a job, or names the one that waits already: for what was done"
        " elsewhere.",
        parameters=[NumberParameters],
        request=None,
        responses={202: JobSerializer, **CONFLICT},
        examples=[_JOB],
    )
    def post(self, request: Request) -> Response:
        phone = numbers.phone_to_send_from(self.actor, self.parameters.get("phone"))
        job = blocking.refresh(actor=self.actor, phone=phone)
        return Response(JobSerializer(job).data, status=202)


def _rows(rows: Sequence[Block]) -> list[Any]:
    return list(BlockSerializer(rows, many=True).data)
