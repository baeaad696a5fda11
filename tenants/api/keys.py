"""API keys: list, make and revoke them. A key cannot do this."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import selectors
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.idempotency import KEY_PARAMETER, key_of
from tenants.api.refusals import CONFLICT, PROBLEM_TYPE
from tenants.models import ApiKey
from tenants.permissions import Permission
from tenants.serializers import ProblemSerializer
from tenants.serializers.keys import (
    KeyPageSerializer,
    KeyParameters,
    KeySerializer,
    MadeKeySerializer,
    NewKeySerializer,
)
from tenants.services import keys

_KEY: dict[str, Any] = {
    "id": 4,
    "name": "Loja virtual",
    "prefix": "k3v9x0q2m7ta",
    "scopes": ["contacts:read", "messages:write"],
    "networks": ["203.0.113.0/24"],
    "created_at": "2026-11-10T12:00:00Z",
    "expires_at": "2027-11-10T12:00:00Z",
    "last_used_at": None,
    "revoked_at": None,
}
_NEW = {name: _KEY[name] for name in ("name", "scopes", "networks", "expires_at")}
_SHOWN = OpenApiExample("A key", value=_KEY, response_only=True, status_codes=["200"])


class KeyListView(TenantAPIView):
    is_repeatable = False  # the service knows a key that was asked for before
    permission = Permission.MANAGE_KEYS
    parameters_of = {"GET": KeyParameters}

    @extend_schema(
        operation_id="api_keys_list",
        tags=["api-keys"],
        summary="List the API keys",
        description="Revoked ones too, the newest first.",
        parameters=[KeyParameters],
        responses={200: KeyPageSerializer},
        examples=[
            OpenApiExample("A page", value={"results": [_KEY], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            selectors.keys_of(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|api-keys",
            render=_rendered,
        )
        return Response(page)

    @extend_schema(
        operation_id="api_keys_create",
        tags=["api-keys"],
        summary="Make an API key for a program",
        description="The answer has what the program brings, this once. The same"
        " `Idempotency-Key` makes no second key, and its answer has `null` there: if the first"
        " answer got lost, revoke the key and make another.",
        request=NewKeySerializer,
        parameters=[KEY_PARAMETER],
        responses={
            200: MadeKeySerializer,
            201: MadeKeySerializer,
            **CONFLICT,
            (422, PROBLEM_TYPE): ProblemSerializer,
        },
        examples=[
            OpenApiExample("A shop's system", value=_NEW, request_only=True),
            OpenApiExample(
                "Asked again",
                value={**_KEY, "key": None},
                response_only=True,
                status_codes=["200"],
            ),
            OpenApiExample(
                "The new key",
                value={**_KEY, "key": f"blc_{_KEY['prefix']}_{'x' * 40}"},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            made = keys.make(
                actor=self.actor, made_as=key_of(request), now=timezone.now(), **form.validated_data
            )
        except keys.NetworkInvalidError as refusal:
            raise ValidationError({"networks": [str(refusal)]}, refusal.code) from None
        except keys.ExpiryPastError as refusal:
            raise ValidationError({"expires_at": [str(refusal)]}, refusal.code) from None
        shown = {**KeySerializer(made.key).data, "key": made.secret}
        if made.secret is None:
            return Response(shown, headers={"Idempotent-Replayed": "true"})
        return Response(shown, status=201)


class KeyView(TenantAPIView):
    permission = Permission.MANAGE_KEYS

    @extend_schema(
        operation_id="api_keys_read",
        tags=["api-keys"],
        summary="Read one API key",
        responses={200: KeySerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(KeySerializer(selectors.key_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="api_keys_revoke",
        tags=["api-keys"],
        summary="Revoke an API key",
        description="At once: its next request is refused, what it queued and was not sent fails,"
        " and its broadcasts stop. Twice is no error.",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        key = selectors.key_for(self.actor, pk)
        keys.revoke(actor=self.actor, key=key, now=timezone.now())
        return Response(status=204)


def _rendered(rows: Sequence[ApiKey]) -> list[Any]:
    return list(KeySerializer(rows, many=True).data)
