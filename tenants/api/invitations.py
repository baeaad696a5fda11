"""Invitations by e-mail: list, send, send again, withdraw."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import selectors
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.models import Invitation
from tenants.permissions import Permission
from tenants.serializers.people import (
    InvitationPageSerializer,
    InvitationParameters,
    InvitationSerializer,
    NewInvitationSerializer,
)
from tenants.services import invitations

_INVITATION: dict[str, Any] = {
    "id": 5,
    "email": "bia@example.com",
    "role": "OPERATOR",
    "language": "pt-br",
    "invited_by": 2,
    "created_at": "2026-11-10T12:00:00Z",
    "sent_at": "2026-11-10T12:00:00Z",
    "expires_at": "2026-11-17T12:00:00Z",
}
_SHOWN = OpenApiExample("An invitation", value=_INVITATION, response_only=True)


class InvitationListView(TenantAPIView):
    permission = Permission.MANAGE_PEOPLE
    parameters_of = {"GET": InvitationParameters}
    location = "invitations/{id}/"

    @extend_schema(
        operation_id="invitations_list",
        tags=["users"],
        summary="List the open invitations",
        description="Expired ones too, the newest first. One that was accepted or withdrawn is not"
        " here any more.",
        parameters=[InvitationParameters],
        responses={200: InvitationPageSerializer},
        examples=[
            OpenApiExample(
                "A page", value={"results": [_INVITATION], "next": None, "previous": None}
            )
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            selectors.invitations_of(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|invitations",
            render=_rendered,
        )
        return Response(page)

    @extend_schema(
        operation_id="invitations_create",
        tags=["users"],
        summary="Invite somebody by e-mail",
        description="The letter's link works once, for seven days. The answer is the same whether"
        " or not the address has an account.",
        request=NewInvitationSerializer,
        responses={201: InvitationSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "A new operator",
                value={"email": "bia@example.com", "role": "OPERATOR", "language": "pt-br"},
                request_only=True,
            ),
            _SHOWN,
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewInvitationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = invitations.invite(
            actor=self.actor,
            now=timezone.now(),
            **{"language": translation.get_language(), **form.validated_data},
        )
        return Response(InvitationSerializer(made).data, status=201)


class InvitationView(TenantAPIView):
    permission = Permission.MANAGE_PEOPLE

    @extend_schema(
        operation_id="invitations_read",
        tags=["users"],
        summary="Read one invitation",
        responses={200: InvitationSerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(InvitationSerializer(selectors.invitation_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="invitations_withdraw",
        tags=["users"],
        summary="Withdraw an invitation",
        description="Its link works no more.",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        invitation = selectors.invitation_for(self.actor, pk)
        invitations.withdraw(actor=self.actor, invitation=invitation, now=timezone.now())
        return Response(status=204)


class ResendView(TenantAPIView):
    permission = Permission.MANAGE_PEOPLE
    without_body = ("POST",)

    @extend_schema(
        operation_id="invitations_resend",
        tags=["users"],
        summary="Send an invitation again",
        description="With a new link, for seven days more; the one before works no more. Once a"
        " minute, ten times at most.",
        request=None,
        responses={200: InvitationSerializer},
        examples=[_SHOWN],
    )
    def post(self, request: Request, pk: int) -> Response:
        invitation = selectors.invitation_for(self.actor, pk)
        invitations.send_again(actor=self.actor, invitation=invitation, now=timezone.now())
        return Response(InvitationSerializer(invitation).data)


def _rendered(rows: Sequence[Invitation]) -> list[Any]:
    return list(InvitationSerializer(rows, many=True).data)
