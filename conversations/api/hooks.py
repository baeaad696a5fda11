"""Tell your own programs what happens (Standard Webhooks). No request waits for their servers."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import told
from conversations.models import HookDelivery, HookEndpoint
from conversations.serializers.hooks import (
    DeliveryPageSerializer,
    DeliveryParameters,
    DeliverySerializer,
    EndpointChangesSerializer,
    EndpointPageSerializer,
    EndpointParameters,
    EndpointSerializer,
    MadeEndpointSerializer,
    NewEndpointSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    SecretSerializer,
)
from conversations.services.hooks import endpoints
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission

_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 - an example
_ENDPOINT: dict[str, Any] = {
    "id": 3,
    "url": "https://hooks.example.com/balcao",
    "events": ["message.received", "message.status"],
    "description": "ERP",
    "is_enabled": True,
    "disabled_reason": "",
    "failing_since": None,
    "previous_secret_until": None,
    "created_at": "2026-11-10T12:00:00Z",
}
_DELIVERY: dict[str, Any] = {
    "id": 91,
    "webhook_id": "msg_6f1d2c3b4a594867b5a4c3d2e1f00112",
    "type": "message.received",
    "state": "DONE",
    "attempts": 1,
    "next_attempt_at": None,
    "tried_at": "2026-11-10T12:01:00Z",
    "status_code": 200,
    "error": "",
    "answer": "ok",
    "created_at": "2026-11-10T12:01:00Z",
}
_NEW = {
    "url": "https://hooks.example.com/balcao",
    "events": ["message.received", "message.status"],
    "description": "ERP",
}
_SHOWN = OpenApiExample("An address", value=_ENDPOINT, response_only=True, status_codes=["200"])
_QUEUED = OpenApiExample(
    "On its way",
    value={**_DELIVERY, "state": "PENDING", "next_attempt_at": "2026-11-10T12:01:00Z"},
    response_only=True,
    status_codes=["202"],
)


class EndpointListView(TenantAPIView):
    told_once = ("secret",)
    location = "webhooks-out/{id}/"
    permission = Permission.MANAGE_WEBHOOKS
    parameters_of = {"GET": EndpointParameters}

    @extend_schema(
        operation_id="webhooks_list",
        tags=["webhooks"],
        summary="List the addresses that are told what happens",
        parameters=[EndpointParameters],
        responses={200: EndpointPageSerializer},
        examples=[
            OpenApiExample("A page", value={"results": [_ENDPOINT], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            told.endpoints_of(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|webhooks",
            render=_endpoints,
        )
        return Response(page)

    @extend_schema(
        operation_id="webhooks_create",
        tags=["webhooks"],
        summary="Have an address told what happens",
        description="The answer has the secret that signs: it is not shown again. `docs/api.md`"
        " says how to verify a signature.",
        request=NewEndpointSerializer,
        responses={201: MadeEndpointSerializer, **CONFLICT},
        examples=[
            OpenApiExample("An address", value=_NEW, request_only=True),
            OpenApiExample(
                "The new address",
                value={**_ENDPOINT, "secret": _SECRET},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewEndpointSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        endpoint, secret = endpoints.create(actor=self.actor, **form.validated_data)
        return Response({**EndpointSerializer(endpoint).data, "secret": secret}, status=201)


class EndpointView(TenantAPIView):
    permission = Permission.MANAGE_WEBHOOKS
    hold = staticmethod(endpoints.hold)

    @extend_schema(
        operation_id="webhooks_read",
        tags=["webhooks"],
        summary="Read one of the addresses",
        responses={200: EndpointSerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(EndpointSerializer(told.endpoint_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="webhooks_update",
        tags=["webhooks"],
        summary="Change an address, switch it off or on",
        request=EndpointChangesSerializer,
        responses={200: EndpointSerializer},
        examples=[
            OpenApiExample("Switch it on", value={"is_enabled": True}, request_only=True),
            _SHOWN,
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        endpoint = told.endpoint_for(self.actor, pk)
        form = EndpointChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = endpoints.change(actor=self.actor, endpoint=endpoint, **form.validated_data)
        return Response(EndpointSerializer(changed).data)

    @extend_schema(
        operation_id="webhooks_delete",
        tags=["webhooks"],
        summary="Tell an address no more",
        description="Its log and its secret are forgotten.",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        endpoints.remove(actor=self.actor, endpoint=told.endpoint_for(self.actor, pk))
        return Response(status=204)


class SecretView(TenantAPIView):
    told_once = ("secret",)
    permission = Permission.MANAGE_WEBHOOKS
    without_body = ("POST",)

    @extend_schema(
        operation_id="webhooks_rotate_secret",
        tags=["webhooks"],
        summary="Make a new secret for an address",
        description="For 24 hours both sign: `webhook-signature` holds two signatures then.",
        request=None,
        responses={201: SecretSerializer},
        examples=[OpenApiExample("The secret", value={"secret": _SECRET}, response_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        endpoint = told.endpoint_for(self.actor, pk)
        secret = endpoints.rotate(actor=self.actor, endpoint=endpoint, now=timezone.now())
        return Response({"secret": secret}, status=201)


class TestView(TenantAPIView):
    permission = Permission.MANAGE_WEBHOOKS
    without_body = ("POST",)

    @extend_schema(
        operation_id="webhooks_test",
        tags=["webhooks"],
        summary="Send an address an event that says nothing",
        description="What became of it stands among the deliveries.",
        request=None,
        responses={202: DeliverySerializer, **CONFLICT},
        examples=[_QUEUED],
    )
    def post(self, request: Request, pk: int) -> Response:
        endpoint = told.endpoint_for(self.actor, pk)
        delivery = endpoints.test(actor=self.actor, endpoint=endpoint, now=timezone.now())
        return Response(DeliverySerializer(delivery).data, status=202)


class DeliveryListView(TenantAPIView):
    permission = Permission.MANAGE_WEBHOOKS
    parameters_class = DeliveryParameters

    @extend_schema(
        operation_id="webhooks_deliveries",
        tags=["webhooks"],
        summary="List what was sent to an address, and what became of it",
        description="For 30 days.",
        parameters=[DeliveryParameters],
        responses={200: DeliveryPageSerializer},
        examples=[
            OpenApiExample("A page", value={"results": [_DELIVERY], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        endpoint = told.endpoint_for(self.actor, pk)
        state = self.parameters.get("state", "")
        page = keyset.page(
            told.deliveries_of(endpoint, state=state),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|webhooks|{pk}|{state}",
            render=_deliveries,
        )
        return Response(page)


class ReplayView(TenantAPIView):
    permission = Permission.MANAGE_WEBHOOKS
    without_body = ("POST",)

    @extend_schema(
        operation_id="webhooks_replay",
        tags=["webhooks"],
        summary="Send one event once more",
        description="Under the id that it had.",
        request=None,
        responses={202: DeliverySerializer, **CONFLICT},
        examples=[_QUEUED],
    )
    def post(self, request: Request, pk: int, delivery_id: int) -> Response:
        endpoint = told.endpoint_for(self.actor, pk)
        delivery = told.delivery_for(endpoint, delivery_id)
        endpoints.replay(actor=self.actor, delivery=delivery, now=timezone.now())
        delivery.refresh_from_db()
        return Response(DeliverySerializer(delivery).data, status=202)


class ReplayFailedView(TenantAPIView):
    permission = Permission.MANAGE_WEBHOOKS

    @extend_schema(
        operation_id="webhooks_replay_failed",
        tags=["webhooks"],
        summary="Send everything once more that was given up",
        request=ReplaySerializer,
        responses={202: ReplayedSerializer, **CONFLICT},
        examples=[
            OpenApiExample("Since", value={"since": "2026-11-10T00:00:00Z"}, request_only=True),
            OpenApiExample(
                "How many", value={"count": 12}, response_only=True, status_codes=["202"]
            ),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        endpoint = told.endpoint_for(self.actor, pk)
        form = ReplaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        since = form.validated_data["since"]
        count = endpoints.replay_failed(
            actor=self.actor, endpoint=endpoint, since=since, now=timezone.now()
        )
        return Response({"count": count}, status=202)


def _endpoints(rows: Sequence[HookEndpoint]) -> list[Any]:
    return list(EndpointSerializer(rows, many=True).data)


def _deliveries(rows: Sequence[HookDelivery]) -> list[Any]:
    return list(DeliverySerializer(rows, many=True).data)
