"""Broadcasts: made from a list, and read with what became of each row."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import broadcasts
from conversations.api import examples
from conversations.models import Broadcast, BroadcastSource
from conversations.serializers.broadcasts import (
    BroadcastPageSerializer,
    BroadcastParameters,
    BroadcastSerializer,
    BulkSerializer,
    RecipientPageSerializer,
    RecipientParameters,
    RecipientSerializer,
    UploadedListSerializer,
)
from conversations.serializers.choosing import choice_of
from conversations.services import template_sending
from conversations.services.broadcasts import arranging, choosing, mapping, reading
from conversations.services.template_sending import TemplateUnknownError
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Actor, Permission
from tenants.serializers import NoParameters
from whatsapp import selectors as whatsapp

_MADE: dict[Any, Any] = {202: BroadcastSerializer, **CONFLICT}
_PREPARING = OpenApiExample(
    "Its list is being read",
    value=examples.PREPARING,
    response_only=True,
    status_codes=["202"],
)


class BulkView(TenantAPIView):
    permission = Permission.BROADCAST
    location = "broadcasts/{id}/"

    @extend_schema(
        operation_id="messages_bulk",
        tags=["broadcasts"],
        summary="Send a template to many",
        description="Makes a broadcast of 5,000 recipients at most, which is read in the background"
        " and then waits to be started, or starts at once with `start`. Everybody gets it once,"
        " however their number is written; what cannot be sent is left out with its reason."
        " `Location` names the broadcast to look at.",
        request=BulkSerializer,
        responses=_MADE,
        examples=[
            OpenApiExample(
                "To two people, at once",
                value={
                    "name": "Natal",
                    "template": {"name": "pedido_saiu", "language": "pt_BR"},
                    "recipients": [
                        {"to": "+5511987654321", "values": {"body.1": "Marina"}},
                        {"to": "+5511987654322", "values": {"body.1": "Caio"}},
                    ],
                    "start": True,
                },
                request_only=True,
            ),
            OpenApiExample(
                "To contacts of the inbox",
                value={
                    "name": "Natal",
                    "template": {"name": "pedido_saiu", "language": "pt_BR"},
                    "contacts": {"marketing": "AGREED", "wrote_within_days": 90},
                    "values": {"body.1": {"column": "name"}, "body.2": {"text": "A-7"}},
                },
                request_only=True,
            ),
            _PREPARING,
        ],
    )
    def post(self, request: Request) -> Response:
        form = BulkSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        place = _place(self.actor, data.get("phone"), **data["template"])
        made = {**place, **(_of_contacts(data, place) if "contacts" in data else _of_list(data))}
        return _make(self.actor, data, made)


class BroadcastListView(TenantAPIView):
    permission = Permission.READ_BROADCASTS
    permission_to_change = Permission.BROADCAST
    location = "broadcasts/{id}/"
    parameters_class = BroadcastParameters
    parameters_of = {"POST": NoParameters}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="broadcasts_list",
        tags=["broadcasts"],
        summary="List the broadcasts, newest first",
        parameters=[BroadcastParameters],
        responses={200: BroadcastPageSerializer},
        examples=[OpenApiExample("A page", value=examples.page("broadcasts", examples.BROADCAST))],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            broadcasts.listed(self.actor).order_by("-created_at", "-pk"),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|broadcasts",
            render=_rows,
        )
        return Response(page)

    @extend_schema(
        operation_id="broadcasts_create",
        tags=["broadcasts"],
        summary="Send a template to everybody in a file",
        description="As `messages/bulk`, from a CSV file: UTF-8, UTF-16 or Windows-1252, with"
        " commas, semicolons or tabs.",
        request={"multipart/form-data": UploadedListSerializer},
        responses=_MADE,
        examples=[
            OpenApiExample(
                "A file",
                value={
                    "name": "Natal",
                    "template": "pedido_saiu",
                    "language": "pt_BR",
                    "file": "...",
                    "values": '{"body.1": {"column": "nome"}}',
                },
                request_only=True,
                media_type="multipart/form-data",
            ),
            _PREPARING,
        ],
    )
    def post(self, request: Request) -> Response:
        form = UploadedListSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        place = _place(
            self.actor, data.get("phone"), name=data["template"], language=data["language"]
        )
        body = data["file"].read()
        data["file"].seek(0)
        made = {
            **place,
            "kind": BroadcastSource.Kind.FILE,
            "body": body,
            "values": _values(data, place, reading.head(body).columns),
            "number_column": data["number_column"],
        }
        return _make(self.actor, data, made)


class BroadcastView(TenantAPIView):
    permission = Permission.READ_BROADCASTS
    permission_to_change = Permission.BROADCAST

    @extend_schema(
        operation_id="broadcasts_read",
        tags=["broadcasts"],
        summary="Tell how far a broadcast is",
        responses={200: BroadcastSerializer},
        examples=[OpenApiExample("Running", value=examples.BROADCAST)],
    )
    def get(self, request: Request, pk: int) -> Response:
        found = broadcasts.broadcast_for(self.actor, pk)
        return Response(BroadcastSerializer(found).data)

    @extend_schema(
        operation_id="broadcasts_delete",
        tags=["broadcasts"],
        summary="Delete what was not started yet, with its list",
        responses={204: None, **CONFLICT},
    )
    def delete(self, request: Request, pk: int) -> Response:
        found = broadcasts.broadcast_for(self.actor, pk)
        arranging.discard(actor=self.actor, broadcast=found)
        return Response(status=204)


class RecipientListView(TenantAPIView):
    permission = Permission.READ_BROADCASTS
    parameters_class = RecipientParameters

    @extend_schema(
        operation_id="broadcasts_recipients",
        tags=["broadcasts"],
        summary="List the rows, and what became of each",
        parameters=[RecipientParameters],
        responses={200: RecipientPageSerializer},
        examples=[OpenApiExample("Some", value={"results": [examples.RECIPIENT], "next_after": 7})],
    )
    def get(self, request: Request, pk: int) -> Response:
        asked = self.parameters
        states = (asked["state"],) if "state" in asked else ()
        found = broadcasts.broadcast_for(self.actor, pk)
        rows = broadcasts.recipients(found, states=states, reason=asked.get("reason", ""))
        rows = rows.filter(position__gt=asked["after"])
        shown = list(rows[: asked["limit"] + 1])
        more, shown = len(shown) > asked["limit"], shown[: asked["limit"]]
        told = [broadcasts.told(row) for row in shown]
        results = RecipientSerializer(told, many=True).data
        return Response({"results": results, "next_after": shown[-1].position if more else None})


def _place(actor: Actor, phone_id: int | None, *, name: str, language: str) -> dict[str, Any]:
    phone = whatsapp.phone_to_send_from(actor, phone_id)
    template = whatsapp.template_named(actor, waba_id=phone.waba_id, name=name, language=language)
    if template is None:
        raise TemplateUnknownError
    return {"phone": phone, "template": template}


def _of_list(data: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(data["recipients"]).encode()
    return {"kind": BroadcastSource.Kind.LIST, "body": body, "values": data.get("values", {})}


def _of_contacts(data: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": BroadcastSource.Kind.CONTACTS,
        "body": choice_of(data["contacts"]).kept(),
        "values": _values(data, place, (choosing.NAME, choosing.NUMBER)),
    }


def _values(
    data: dict[str, Any], place: dict[str, Any], columns: Collection[str]
) -> dict[str, Mapping[str, str]]:
    """Return what fills the template; what nobody said is guessed by the columns' names."""
    guessed = mapping.guess(template_sending.shown_fields(place["template"]), columns)
    return {**guessed, **data.get("values", {})}


def _make(actor: Actor, data: dict[str, Any], wanted: dict[str, Any]) -> Response:
    made = arranging.create(
        actor=actor,
        name=data["name"],
        client_id=uuid4(),
        starts_when_ready=data["start"],
        now=timezone.now(),
        **wanted,
    )
    found = broadcasts.broadcast_for(actor, made.pk)
    return Response(BroadcastSerializer(found).data, status=202)


def _rows(rows: Sequence[Broadcast]) -> list[Any]:
    return list(BroadcastSerializer(rows, many=True).data)
