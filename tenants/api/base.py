"""The frame of every API route: whose token, which tenant, which schema, which parameters."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from tenants import context, limits, trace
from tenants.access import SAFE_METHODS
from tenants.api import idempotency, versions
from tenants.api.refusals import HeaderError, LengthRequiredError, ParameterError
from tenants.authentication import bearer_of
from tenants.errors import NotFoundError
from tenants.limits import Count
from tenants.models import Tenant
from tenants.permissions import Actor, Permission
from tenants.serializers import NoParameters, StrictSerializer
from tenants.services import requests

_MADE = (201, 202)


class PlatformAPIView(APIView):
    """A route that belongs to no tenant; its query parameters are checked before the handler."""

    parameters_class: ClassVar[type[Serializer[Any]]] = NoParameters
    # Where one method takes others than the rest.
    parameters_of: ClassVar[dict[str, type[Serializer[Any]]]] = {}
    # Methods that take no body: members in one are refused as everywhere.
    without_body: ClassVar[tuple[str, ...]] = ()
    parameters: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.settle(request)
        if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
            raise LengthRequiredError  # else the body would be taken for an empty one
        method = "GET" if request.method == "HEAD" else str(request.method)
        shape = self.parameters_of.get(method, self.parameters_class)
        self.parameters = checked_parameters(request, shape)
        if method in self.without_body:
            StrictSerializer(data=request.data).is_valid(raise_exception=True)

    def settle(self, request: Request) -> None:
        """Settle what the handler works in; nothing on a route of the platform."""

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Say which methods there are (the Allow header, which every answer has)."""
        return Response(status=204)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "private, no-store"
        return final

    def host_tenant(self) -> Tenant | None:
        """Return the tenant whose host was asked; None on the public host."""
        request: HttpRequest = self.request._request
        tenant: Tenant | None = request.tenant  # type: ignore[attr-defined] # the middleware's
        return tenant


class TenantAPIView(PlatformAPIView):
    """A route under ``/api/v1/tenant/<tenant_id>/``.

    The handler runs in the schema of the token's tenant, which must be the one in the path; the
    schema is left when the answer is made. Nobody else's request reaches a handler.
    """

    permission: ClassVar[Permission]
    # Where whoever may look may not change anything.
    permission_to_change: ClassVar[Permission | None] = None
    # Whether a POST takes an Idempotency-Key here, and what of its answer is told once: secrets.
    is_repeatable: ClassVar[bool] = True
    told_once: ClassVar[tuple[str, ...]] = ()
    # Where that which a POST made is found, with the members of its answer: "broadcasts/{id}/".
    location: ClassVar[str] = ""
    # Where one thing is read and changed: how to let no other writer at it. It has ETags then.
    hold: Callable[[int], None] | None = None
    actor: Actor

    def dispatch(
        self, request: HttpRequest, *args: Any, tenant_id: UUID, **kwargs: Any
    ) -> HttpResponseBase:
        self._tenant_id = tenant_id
        self._counts: list[Count] = []
        with ExitStack() as self._schema:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        handler = getattr(self, "post", None)
        if request.method == "POST" and self.is_repeatable and handler is not None:
            again = idempotency.repeatable(handler, told_once=self.told_once)
            vars(self)["post"] = again  # of this request's view
        if request.method in versions.CHANGES:
            self._guard(str(request.method).lower(), versions.wanted(request))

    def _guard(self, method: str, seen: list[str] | None) -> None:
        """Let a change with If-Match be one of what the client has seen. Raises: HeaderError."""
        handler = getattr(self, method, None)
        if seen is None or handler is None:
            return
        if self.hold is None:
            raise HeaderError({"If-Match": [_("What is changed here has no ETag.")]})
        guarded = versions.only_if_seen(handler, read=self.get, hold=self.hold, seen=seen)  # type: ignore[attr-defined] # it has one
        vars(self)[method] = guarded

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        if self.hold is not None and response.status_code == 200:
            response = _versioned(request, response)
        final = super().finalize_response(request, response, *args, **kwargs)
        limits.tell(final, self._counts)
        if self.location and request.method == "POST" and response.status_code in _MADE:
            place = self.location.format(**response.data)
            final["Location"] = f"/api/v1/tenant/{self._tenant_id}/{place}"
        return final

    def settle(self, request: Request) -> None:
        bearer = bearer_of(request)
        if bearer is None:
            raise NotAuthenticated
        if bearer.actor.tenant.pk != self._tenant_id:
            raise NotFoundError
        self._count(request, bearer.actor.tenant)
        bearer.actor.require(self._needed(request))
        self.actor = bearer.actor
        self._schema.enter_context(context.tenant(bearer.actor.tenant.schema_name))

    def _count(self, request: Request, tenant: Tenant) -> None:
        self._counts = requests.count(tenant=tenant, address=trace.current.get().ip_address)
        request._request.is_counted = True  # type: ignore[attr-defined] # read by the middleware
        requests.check(self._counts)

    def _needed(self, request: Request) -> Permission:
        """Before a body is looked at: whoever may not is not told what is wrong with it."""
        if request.method in SAFE_METHODS:
            return self.permission
        return self.permission_to_change or self.permission


def _versioned(request: Request, response: Response) -> Response:
    """Write down which version an answer has, and spare the client what it has already."""
    etag = versions.etag_of(response.data)
    if request.method in SAFE_METHODS and versions.is_known(request, etag):
        response = Response(status=304)
    response["ETag"] = etag
    return response


def checked_parameters(request: Request, shape: type[Serializer[Any]]) -> dict[str, Any]:
    """Return the query parameters. Raises: ParameterError, also for unknown and repeated ones."""
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise ParameterError({name: [_("Give this once only.")] for name in repeated})
    serializer = shape(data=request.query_params.dict())
    if not serializer.is_valid():
        raise ParameterError(serializer.errors)
    parameters: dict[str, Any] = serializer.validated_data
    return parameters
