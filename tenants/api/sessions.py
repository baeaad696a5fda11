"""Where somebody is signed in at the API: look, and end it."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import selectors
from tenants.api.base import TenantAPIView
from tenants.authentication import bearer_of
from tenants.permissions import Permission
from tenants.serializers.sessions import SessionListSerializer, shown
from tenants.services import sessions

_SESSION = {
    "id": "0b6f2c1e-8a54-4c1f-9a3e-0d6c1a2b3c4d",
    "created_at": "2026-11-10T12:00:00Z",
    "used_at": "2026-11-12T09:30:00Z",
    "expires_at": "2026-12-12T09:30:00Z",
    "is_current": True,
}


class SessionListView(TenantAPIView):
    permission = Permission.OWN_SESSIONS

    @extend_schema(
        operation_id="sessions_list",
        tags=["auth"],
        summary="List your own sessions",
        description="Of yours in this tenant, by the API; the one that was used last first. A key"
        " has none.",
        responses={200: SessionListSerializer},
        examples=[OpenApiExample("Signed in once", value={"results": [_SESSION]})],
    )
    def get(self, request: Request) -> Response:
        rows = selectors.sessions_of(self.actor, now=timezone.now())
        return Response({"results": shown(rows, current=_current(request))})

    @extend_schema(
        operation_id="sessions_end_others",
        tags=["auth"],
        summary="End all your other sessions",
        description="The one that asks goes on.",
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        sessions.end_own(actor=self.actor, but=_current(request), now=timezone.now())
        return Response(status=204)


class SessionView(TenantAPIView):
    permission = Permission.OWN_SESSIONS

    @extend_schema(
        operation_id="sessions_end",
        tags=["auth"],
        summary="End one of your sessions",
        description="Its tokens are refused at once.",
        responses={204: None},
    )
    def delete(self, request: Request, session_id: UUID) -> Response:
        session = selectors.session_for(self.actor, session_id, now=timezone.now())
        sessions.end(session_id=session.pk, now=timezone.now())
        return Response(status=204)


def _current(request: Request) -> UUID | None:
    bearer = bearer_of(request)
    return None if bearer is None else bearer.session_id
