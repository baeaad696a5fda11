"""Which super-admins of the installation looked into the tenant."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import support
from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.models import SupportAccess
from tenants.permissions import Permission
from tenants.serializers import PageParameters
from tenants.serializers.support import SupportAccessPageSerializer, SupportAccessSerializer

_ACCESS = {
    "id": 3,
    "name": "Balcão support",
    "role": "VIEWER",
    "reason": "Ticket 4711: a template is not shown",
    "created_at": "2026-11-12T09:30:00Z",
    "entered_at": "2026-11-12T09:30:02Z",
    "over_at": "2026-11-12T09:48:10Z",
}


class SupportAccessListView(TenantAPIView):
    permission = Permission.SEE_SUPPORT
    parameters_class = PageParameters

    @extend_schema(
        operation_id="support_access_list",
        tags=["users"],
        summary="List who of the installation looked in",
        description="Super-admins are no members: each look is opened with a reason, lasts for an"
        " hour at most and stands here for good; the newest first.",
        parameters=[PageParameters],
        responses={200: SupportAccessPageSerializer},
        examples=[
            OpenApiExample("A page", value={"results": [_ACCESS], "next": None, "previous": None})
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            support.accesses_of(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|support-access",
            render=_rendered,
        )
        return Response(page)


def _rendered(rows: Sequence[SupportAccess]) -> list[Any]:
    return list(SupportAccessSerializer(rows, many=True).data)
