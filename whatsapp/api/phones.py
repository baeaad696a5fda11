"""Read, connect, change, check and disconnect numbers. No request waits for Meta."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.api import examples
from whatsapp.models import Phone
from whatsapp.serializers import JobSerializer
from whatsapp.serializers.phones import (
    CheckSerializer,
    NewPhoneSerializer,
    NewTokenSerializer,
    PhoneChangesSerializer,
    PhonePageSerializer,
    PhoneParameters,
    PhoneSerializer,
)
from whatsapp.services import connections, policies, standing

_JOB: dict[Any, Any] = {202: JobSerializer, **CONFLICT}
_TOKEN = "EAAGm0PX4ZCpsBA..."  # noqa: S105 - not a token
_NEW = {
    "phone_number_id": "106540352242922",
    "waba_id": "102290129340398",
    "access_token": _TOKEN,
    "name": "Loja Centro",
    "pin": "123456",
}


def _shown(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["202"])


_CHANGES = [
    OpenApiExample("A name", value={"name": "Loja Centro"}, request_only=True),
    OpenApiExample("Read marks", value={"read_policy": "ON_REPLY"}, request_only=True),
    OpenApiExample("The number", value=examples.PHONE, response_only=True),
]


class PhoneListView(TenantAPIView):
    permission = Permission.READ_NUMBERS
    permission_to_change = Permission.MANAGE_NUMBERS
    parameters_of = {"GET": PhoneParameters}

    @extend_schema(
        operation_id="phones_list",
        tags=["phones"],
        summary="List your numbers, the one connected last first",
        parameters=[PhoneParameters],
        responses={200: PhonePageSerializer},
        examples=[OpenApiExample("A page", value=examples.PHONE_PAGE)],
    )
    def get(self, request: Request) -> Response:
        page = keyset.page(
            selectors.numbers_of(self.actor),
            time_field="created_at",
            request=request,
            parameters=self.parameters,
            scope=f"{self.actor.tenant.pk}|phones",
            render=_phones,
        )
        return Response(page)

    @extend_schema(
        operation_id="phones_connect",
        tags=["phones"],
        summary="Connect a number",
        description="By a job whose `steps` name what is wrong, if anything is, and what to do."
        " Nothing is connected before WhatsApp has confirmed every step. `result.phone` is the"
        " number's id.",
        request=NewPhoneSerializer,
        responses=_JOB,
        examples=[
            OpenApiExample("A number", value=_NEW, request_only=True),
            _shown("The job", examples.CONNECT_JOB),
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewPhoneSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        app_id = given.pop("meta_app", None)
        job = connections.connect(actor=self.actor, app_id=app_id, **given)
        return Response(JobSerializer(job).data, status=202)


class PhoneView(TenantAPIView):
    permission = Permission.READ_NUMBERS
    permission_to_change = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_read",
        tags=["phones"],
        summary="Read one number, with the evidence for its health",
        responses={200: PhoneSerializer},
        examples=[OpenApiExample("A number", value=examples.PHONE)],
    )
    def get(self, request: Request, pk: int) -> Response:
        (shown,) = _phones([selectors.phone_for(self.actor, pk)])
        return Response(shown)

    @extend_schema(
        operation_id="phones_replace",
        tags=["phones"],
        summary="Change a number",
        description="The same as PATCH.",
        request=PhoneChangesSerializer,
        responses={200: PhoneSerializer},
        examples=_CHANGES,
    )
    def put(self, request: Request, pk: int) -> Response:
        return self.patch(request, pk)

    @extend_schema(
        operation_id="phones_update",
        tags=["phones"],
        summary="Change a number",
        description="How your team calls it, and when customers see that their messages were read.",
        request=PhoneChangesSerializer,
        responses={200: PhoneSerializer},
        examples=_CHANGES,
    )
    def patch(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        form = PhoneChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        policies.change(actor=self.actor, phone_id=phone.pk, **form.validated_data)
        return self.get(request, pk)

    @extend_schema(
        operation_id="phones_delete",
        tags=["phones"],
        summary="Disconnect a number",
        description="Its token is forgotten, and its events are nobody's from now on. The"
        " conversations stay.",
        responses={204: None, **CONFLICT},
    )
    def delete(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        connections.disconnect(actor=self.actor, phone=phone)
        return Response(status=204)


class CheckView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_check",
        tags=["phones"],
        summary="Check a number",
        description="By a job; what it finds becomes the number's `facts`. It also happens by"
        " itself, every few hours.",
        request=CheckSerializer,
        responses=_JOB,
        examples=[
            OpenApiExample("Look", value={}, request_only=True),
            OpenApiExample("Repair and look", value={"repair": True}, request_only=True),
            _shown("The job", examples.CHECK_JOB),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        form = CheckSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = connections.check(actor=self.actor, phone=phone, **form.validated_data)
        return Response(JobSerializer(job).data, status=202)


class TokenView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_token",
        tags=["phones"],
        summary="Give a number a new token",
        description="By a job: the token counts once WhatsApp has confirmed it, and what was held"
        " for the old one flows again.",
        request=NewTokenSerializer,
        responses=_JOB,
        examples=[
            OpenApiExample("A token", value={"access_token": _TOKEN}, request_only=True),
            _shown("The job", examples.TOKEN_JOB),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        form = NewTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = connections.replace_token(actor=self.actor, phone=phone, **form.validated_data)
        return Response(JobSerializer(job).data, status=202)


def _phones(rows: Sequence[Phone]) -> list[Any]:
    context = {"standings": standing.standings(rows, now=timezone.now())}
    return list(PhoneSerializer(rows, many=True, context=context).data)
