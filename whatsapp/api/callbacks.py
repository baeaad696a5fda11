"""Set and remove callback overrides. No request waits for Meta."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.api import examples
from whatsapp.serializers import JobSerializer
from whatsapp.serializers.callbacks import OverrideSerializer
from whatsapp.services import callbacks

_ADDRESS = OpenApiExample(
    "An address",
    value={
        "override_callback_uri": "https://hooks.example.com/whatsapp",
        "verify_token": "kQ9bqkbmQ2Q1c6YpV0Jt3uWQ",
    },
    request_only=True,
)
_JOB = OpenApiExample(
    "A job",
    value={**examples.JOB, "kind": "CALLBACK_SET"},
    response_only=True,
    status_codes=["202"],
)
_WHAT = (
    " By a job; Meta makes its handshake there first. Only events about messages follow it: those"
    " about templates and accounts still go to the app's address."
)


class PhoneOverrideView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_override_set",
        tags=["phones"],
        summary="Have a number's events brought to another address",
        description="Comes before the account's override and the app's address." + _WHAT,
        request=OverrideSerializer,
        responses={202: JobSerializer, **CONFLICT},
        examples=[_ADDRESS, _JOB],
    )
    def post(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        form = OverrideSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = callbacks.set_for_number(
            actor=self.actor,
            phone=phone,
            uri=form.validated_data["override_callback_uri"],
            verify_token=form.validated_data["verify_token"],
        )
        return Response(JobSerializer(job).data, status=202)

    @extend_schema(
        operation_id="phones_override_remove",
        tags=["phones"],
        summary="Have a number's events brought to the usual address again",
        responses={202: JobSerializer, **CONFLICT},
        examples=[_JOB],
    )
    def delete(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        job = callbacks.remove_for_number(actor=self.actor, phone=phone)
        return Response(JobSerializer(job).data, status=202)


class AccountOverrideView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="accounts_override_set",
        tags=["phones"],
        summary="Have the events of a business account brought to another address",
        description="Comes before the app's address, and after a number's override." + _WHAT,
        request=OverrideSerializer,
        responses={202: JobSerializer},
        examples=[_ADDRESS, _JOB],
    )
    def post(self, request: Request, waba_id: int) -> Response:
        account = selectors.account_for(self.actor, str(waba_id))
        form = OverrideSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = callbacks.set_for_account(
            actor=self.actor,
            waba_id=account,
            uri=form.validated_data["override_callback_uri"],
            verify_token=form.validated_data["verify_token"],
        )
        return Response(JobSerializer(job).data, status=202)

    @extend_schema(
        operation_id="accounts_override_remove",
        tags=["phones"],
        summary="Have the events of a business account brought to the usual address again",
        responses={202: JobSerializer},
        examples=[_JOB],
    )
    def delete(self, request: Request, waba_id: int) -> Response:
        job = callbacks.remove_for_account(actor=self.actor, waba_id=str(waba_id))
        return Response(JobSerializer(job).data, status=202)
