"""Contacts: list, add, read, change, and say that two are one person."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import directory, selectors
from conversations.api import examples
from conversations.models import Contact
from conversations.serializers.contacts import (
    ContactChangesSerializer,
    ContactPageSerializer,
    ContactParameters,
    MergedSerializer,
    MergeSerializer,
    NewContactSerializer,
)
from conversations.serializers.reading import ContactSerializer
from conversations.services import contacts, joining
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT, GONE
from tenants.permissions import Permission

_STOPPED = {"STOPPED": True, "NOT_STOPPED": False}


class ContactListView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.EDIT_CONTACTS
    parameters_of = {"GET": ContactParameters}
    location = "contacts/{id}/"

    @extend_schema(
        operation_id="contacts_list",
        tags=["contacts"],
        summary="List the contacts, newest first",
        parameters=[ContactParameters],
        responses={200: ContactPageSerializer},
        examples=[OpenApiExample("A page", value=examples.page("contacts/", examples.CONTACT))],
    )
    def get(self, request: Request) -> Response:
        asked = self.parameters
        stopped = _STOPPED.get(asked.get("marketing", ""))
        page = keyset.page(
            directory.contacts_of(self.actor, search=asked["search"], stopped=stopped),
            time_field="created_at",
            request=request,
            parameters=asked,
            scope=f"{self.actor.tenant.pk}|contacts",
            render=_rendered,
        )
        return Response(page)

    @extend_schema(
        operation_id="contacts_create",
        tags=["contacts"],
        summary="Add the person of a number, or find him",
        description="Under every spelling of the number it is one person: `200` and who is known"
        " already, or `201`. A name is written only where there is none yet.",
        request=NewContactSerializer,
        responses={200: ContactSerializer, 201: ContactSerializer},
        examples=[
            OpenApiExample(
                "A person",
                value={"number": "+5511987654321", "name": "Marina"},
                request_only=True,
            ),
            OpenApiExample("Who he is", value=examples.CONTACT, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewContactSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = {"name": "", **form.validated_data}
        contact, is_new = joining.add(actor=self.actor, now=timezone.now(), **given)
        shown = ContactSerializer(selectors.contact_for(self.actor, contact.pk)).data
        return Response(shown, status=201 if is_new else 200)


class ContactView(TenantAPIView):
    permission = Permission.READ_CONTACTS
    permission_to_change = Permission.EDIT_CONTACTS
    hold = staticmethod(contacts.hold)

    @extend_schema(
        operation_id="contacts_read",
        tags=["contacts"],
        summary="Read one contact",
        description="A contact that was merged with another one is gone for good: `410`, and"
        " `merged_into` is the id of the other.",
        responses={200: ContactSerializer, **GONE},
        examples=[OpenApiExample("A contact", value=examples.CONTACT)],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(ContactSerializer(selectors.contact_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="contacts_update",
        tags=["contacts"],
        summary="Name a contact, and note what you keep of it",
        description="A name that was written here is never replaced by the one on WhatsApp.",
        request=ContactChangesSerializer,
        responses={200: ContactSerializer, **GONE},
        examples=[
            OpenApiExample("A name", value={"name": "Marina (ateliê)"}, request_only=True),
            OpenApiExample(
                "What you keep",
                value={"attributes": {"cliente_desde": "2024-03-01", "cpf": None}},
                request_only=True,
            ),
            OpenApiExample("A contact", value=examples.CONTACT, response_only=True),
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        form = ContactChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        contacts.change(actor=self.actor, contact=contact, **form.validated_data)
        return Response(ContactSerializer(selectors.contact_for(self.actor, pk)).data)


class MergeView(TenantAPIView):
    permission = Permission.EDIT_CONTACTS

    @extend_schema(
        operation_id="contacts_merge",
        tags=["contacts"],
        summary="Say that two contacts are one person",
        description="The older stays, with its name and attributes; what it has not the other"
        " gives. Their conversations on one number become one, and the other's id answers `410`."
        " Nothing undoes it: `dry_run` tells which one would stay. Refused with `contacts_apart`"
        " where both have a number: a reply could reach the wrong one.",
        request=MergeSerializer,
        responses={
            200: MergedSerializer,
            **CONFLICT,
            **GONE,
        },
        examples=[
            OpenApiExample("Tell only", value={"other": 9, "dry_run": True}, request_only=True),
            OpenApiExample(
                "One person",
                value={"kept": examples.CONTACT, "gone": 9, "dry_run": True},
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        contact = selectors.contact_for(self.actor, pk)
        form = MergeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        other = selectors.contact_for(self.actor, form.validated_data["other"])
        act = joining.check if form.validated_data["dry_run"] else joining.merge
        kept, gone = act(actor=self.actor, contact=contact, other=other)
        shown = {
            "kept": selectors.contact_for(self.actor, kept.pk),
            "gone": gone.pk,
            "dry_run": form.validated_data["dry_run"],
        }
        return Response(MergedSerializer(shown).data)


def _rendered(rows: Sequence[Contact]) -> list[Any]:
    return list(ContactSerializer(rows, many=True).data)
