"""A tenant's own Meta apps, and which of them brings a number's events."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from whatsapp.serializers.meta_apps import (
    MadeMetaAppSerializer,
    MetaAppChangesSerializer,
    MetaAppPageSerializer,
    MetaAppParameters,
    MetaAppSerializer,
    NewMetaAppSerializer,
    NumberAppSerializer,
    PhoneAppSerializer,
)
from whatsapp.services import own_apps
from whatsapp.webhooks import selectors
from whatsapp.webhooks.models import MetaApp

_APP: dict[str, Any] = {
    "id": 3,
    "name": "Acme",
    "app_id": "1482213665",
    "is_active": True,
    "callback_url": "https://balcao.example.com/webhook/whatsapp/apps/6f0c2b1e8a54c1fa",
    "app_secret_set_at": "2026-11-10T12:00:00Z",
    "has_previous_secret": False,
    "created_at": "2026-11-10T12:00:00Z",
}
_NEW = {"name": "Acme", "app_id": "1482213665", "app_secret": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
_SHOWN = OpenApiExample("An app", value=_APP, response_only=True, status_codes=["200"])


class MetaAppListView(TenantAPIView):
    told_once = ("verify_token",)
    location = "meta-apps/{id}/"
    permission = Permission.MANAGE_NUMBERS
    parameters_class = MetaAppParameters

    @extend_schema(
        operation_id="meta_apps_list",
        tags=["phones"],
        summary="List your own Meta apps",
        parameters=[MetaAppParameters],
        responses={200: MetaAppPageSerializer},
        examples=[
            OpenApiExample("A page", value={"results": [_APP], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            selectors.own_apps(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|meta-apps",
            render=_rendered,
        )
        return Response(page)

    @extend_schema(
        operation_id="meta_apps_create",
        tags=["phones"],
        summary="Let a Meta app of your own bring your events",
        description="The answer has the address and the verify token that belong into the app's"
        " settings at Meta. The verify token is not shown again.",
        request=NewMetaAppSerializer,
        responses={201: MadeMetaAppSerializer, **CONFLICT},
        examples=[
            OpenApiExample("An app", value=_NEW, request_only=True),
            OpenApiExample(
                "The new app",
                value={**_APP, "verify_token": "kQ9bqkbmQ2Q1c6YpV0Jt3uWQ"},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewMetaAppSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        app = own_apps.register(actor=self.actor, **form.validated_data)
        token = own_apps.verify_token(actor=self.actor, app=app)
        return Response({**MetaAppSerializer(app).data, "verify_token": token}, status=201)


class MetaAppView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS
    hold = staticmethod(own_apps.hold)

    @extend_schema(
        operation_id="meta_apps_read",
        tags=["phones"],
        summary="Read one of your own Meta apps",
        responses={200: MetaAppSerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(MetaAppSerializer(selectors.own_app_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="meta_apps_update",
        tags=["phones"],
        summary="Change one of your own Meta apps",
        request=MetaAppChangesSerializer,
        responses={200: MetaAppSerializer},
        examples=[
            OpenApiExample("A name", value={"name": "Acme Brasil"}, request_only=True),
            _SHOWN,
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        app = selectors.own_app_for(self.actor, pk)
        form = MetaAppChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = own_apps.change(actor=self.actor, app=app, **form.validated_data)
        return Response(MetaAppSerializer(changed).data)

    @extend_schema(
        operation_id="meta_apps_delete",
        tags=["phones"],
        summary="Remove one of your own Meta apps",
        description="Its secrets are forgotten. Numbers have to be moved to another app first.",
        responses={204: None, **CONFLICT},
    )
    def delete(self, request: Request, pk: int) -> Response:
        own_apps.remove(actor=self.actor, app=selectors.own_app_for(self.actor, pk))
        return Response(status=204)


class PreviousSecretView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="meta_apps_forget_previous_secret",
        tags=["phones"],
        summary="Refuse at once what an earlier app secret signed",
        description="For a secret that others know. What Meta signed with it and has not brought"
        " yet is lost.",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        app = selectors.own_app_for(self.actor, pk)
        own_apps.forget_previous_secret(actor=self.actor, app=app)
        return Response(status=204)


class PhoneAppView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_app",
        tags=["phones"],
        summary="Decide which Meta app brings a number's events",
        description="Events that another app brings for the number are not taken. The app has to be"
        " subscribed to the number's account at Meta.",
        request=NumberAppSerializer,
        responses={200: PhoneAppSerializer, **CONFLICT},
        examples=[
            OpenApiExample("An app of your own", value={"meta_app": 3}, request_only=True),
            OpenApiExample(
                "The number",
                value={"id": 1, "display_phone_number": "+55 11 4000-1001", "meta_app": 3},
                response_only=True,
            ),
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        form = NumberAppSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data["meta_app"]
        app = None if wanted is None else selectors.own_app_for(self.actor, wanted)
        route = own_apps.move_number(actor=self.actor, phone_id=pk, app=app)
        shown = {"id": pk, "display_phone_number": route.display_phone_number, "meta_app": wanted}
        return Response(PhoneAppSerializer(shown).data)


def _rendered(rows: Sequence[MetaApp]) -> list[Any]:
    return list(MetaAppSerializer(rows, many=True).data)
