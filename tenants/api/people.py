"""Who works for the tenant: list them, change what they may do, let them go, end their sessions."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import selectors
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.models import Membership
from tenants.permissions import Actor, Permission
from tenants.serializers.people import (
    MemberPageSerializer,
    MemberSerializer,
    PeopleParameters,
    RoleSerializer,
)
from tenants.services import team

_PERSON: dict[str, Any] = {
    "id": 3,
    "email": "ana@acme.test",
    "name": "Ana Paula",
    "role": "OPERATOR",
    "is_active": True,
    "joined_at": "2026-11-10T12:00:00Z",
    "signed_in_at": "2026-11-12T09:30:00Z",
}
_SHOWN = OpenApiExample("A person", value=_PERSON, response_only=True)
_TO_VIEWER = OpenApiExample("Only look", value={"role": "VIEWER"}, request_only=True)
_CHANGED: dict[Any, Any] = {200: MemberSerializer, **CONFLICT}


class PersonListView(TenantAPIView):
    permission = Permission.HANDLE_CONVERSATIONS
    parameters_class = PeopleParameters

    @extend_schema(
        operation_id="users_list",
        tags=["users"],
        summary="List who works here",
        description="The newest first. `id` is what conversations are assigned to. When somebody"
        " signed in here last is for admins; others get `null`.",
        parameters=[PeopleParameters],
        responses={200: MemberPageSerializer},
        examples=[
            OpenApiExample("A page", value={"results": [_PERSON], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            selectors.people_of(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|users",
            render=partial(_rendered, self.actor),
        )
        return Response(page)


class PersonView(TenantAPIView):
    permission = Permission.HANDLE_CONVERSATIONS
    permission_to_change = Permission.MANAGE_PEOPLE
    hold = staticmethod(team.hold)

    @extend_schema(
        operation_id="users_read",
        tags=["users"],
        summary="Read one person",
        responses={200: MemberSerializer},
        examples=[_SHOWN],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(_rendered(self.actor, [selectors.person_for(self.actor, pk)])[0])

    @extend_schema(
        operation_id="users_update",
        tags=["users"],
        summary="Change what a person may do",
        description="From his next request on. Nobody changes his own role (`409`, `not_yourself`),"
        " and there is always an admin (`last_admin`).",
        request=RoleSerializer,
        responses=_CHANGED,
        examples=[_TO_VIEWER, _SHOWN],
    )
    def patch(self, request: Request, pk: int) -> Response:
        membership = selectors.person_for(self.actor, pk)
        form = RoleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        team.set_role(actor=self.actor, membership=membership, **form.validated_data)
        return self.get(request, pk)

    @extend_schema(
        operation_id="users_remove",
        tags=["users"],
        summary="End a person's work here",
        description="At once, with his sessions; what he had assigned is nobody's, what he wrote"
        " stays. His account goes on, he may work for others.",
        responses={204: None, **CONFLICT},
    )
    def delete(self, request: Request, pk: int) -> Response:
        team.remove(actor=self.actor, membership=selectors.person_for(self.actor, pk))
        return Response(status=204)


def _rendered(actor: Actor, rows: Sequence[Membership]) -> list[Any]:
    context = {"is_for_admins": actor.may(Permission.MANAGE_PEOPLE)}
    return list(MemberSerializer(rows, many=True, context=context).data)
