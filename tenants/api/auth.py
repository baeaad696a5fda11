"""Sign in, stay signed in, sign out."""

from dataclasses import asdict

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import selectors, trace
from tenants.api.base import PlatformAPIView
from tenants.authentication import bearer_of
from tenants.models import Tenant
from tenants.serializers import (
    GrantSerializer,
    LoginSerializer,
    LogoutSerializer,
    RefreshSerializer,
)
from tenants.services import sessions

_REFRESH = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.y"
_REFRESH_EXAMPLE = OpenApiExample(
    "The newest refresh token", value={"refresh": _REFRESH}, request_only=True
)
_GRANT_EXAMPLE = OpenApiExample(
    "Signed in",
    value={
        "access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.x",
        "refresh": _REFRESH,
        "expires_in": 600,
        "tenant": "6f1c2b1e-8a54-4c1f-9a3e-0d6c1a2b3c4d",
        "role": "OPERATOR",
    },
    response_only=True,
)


class LoginView(PlatformAPIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_login",
        tags=["auth"],
        summary="Sign in",
        description="Every refusal of e-mail, password and tenant says the same.",
        auth=[],
        request=LoginSerializer,
        responses={200: GrantSerializer},
        examples=[
            OpenApiExample(
                "On the public host",
                value={"email": "ana@acme.test", "password": "demo", "tenant": "acme"},
                request_only=True,
            ),
            _GRANT_EXAMPLE,
        ],
    )
    def post(self, request: Request) -> Response:
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        grant = sessions.start(
            tenant=_tenant(self.host_tenant(), form.validated_data.get("tenant", "").lower()),
            email=form.validated_data["email"],
            password=form.validated_data["password"],
            code=form.validated_data.get("otp", ""),
            now=timezone.now(),
        )
        return Response(GrantSerializer(asdict(grant)).data)


class RefreshView(PlatformAPIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_refresh",
        tags=["auth"],
        summary="Exchange a refresh token for a new pair",
        description="A refresh token works once. One that was used before was copied by somebody:"
        " the whole session ends then, and its newest tokens with it.",
        auth=[],
        request=RefreshSerializer,
        responses={200: GrantSerializer},
        examples=[_REFRESH_EXAMPLE, _GRANT_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        form = RefreshSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        grant = sessions.refresh(
            token=form.validated_data["refresh"],
            tenant=self.host_tenant(),
            now=trace.current.get().arrived_at or timezone.now(),
        )
        return Response(GrantSerializer(asdict(grant)).data)


class LogoutView(PlatformAPIView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_logout",
        tags=["auth"],
        summary="Sign out",
        description="Ends the session of the access token, or of the refresh token in the body"
        " where the access token has expired. The person's other sessions go on.",
        request=LogoutSerializer,
        responses={204: OpenApiResponse(description="The session has ended.")},
        examples=[_REFRESH_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        form = LogoutSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        bearer = bearer_of(request)
        if "refresh" in form.validated_data:
            sessions.end_by_token(
                token=form.validated_data["refresh"],
                tenant=self.host_tenant(),
                now=timezone.now(),
            )
        elif bearer is not None and bearer.session_id is not None:
            sessions.end(session_id=bearer.session_id, now=timezone.now())
        else:
            raise NotAuthenticated
        return Response(status=204)


def _tenant(host: Tenant | None, reference: str) -> Tenant | None:
    """Return the active tenant that is meant, or None: that refusal must look like every other."""
    if host is None:
        if not reference:
            raise ValidationError({"tenant": [_("Name the tenant: its id or its subdomain.")]})
        return selectors.active_tenant(reference)
    meant = reference in ("", str(host.pk), host.subdomain)
    return host if meant and host.is_active else None
