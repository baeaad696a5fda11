"""Finish Meta's Embedded Signup. No request waits for Meta."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from whatsapp.api import examples
from whatsapp.serializers import JobSerializer
from whatsapp.serializers.signup import SignupSerializer
from whatsapp.services import signups


class SignupView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_signup",
        tags=["phones"],
        summary="Connect the number that somebody signed up with at Meta",
        description="By a job that exchanges the code at once, proves with the token what the page"
        " claims, subscribes, registers and connects. `404` where this installation offers no"
        " sign-up.",
        request=SignupSerializer,
        responses={202: JobSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "A sign-up",
                value={
                    "code": "AQBhlXsctMxJYbwbrpybxlo9tLPGy-QAmjBJA03jxLos1KwUlsxmt",
                    "waba_id": "102290129340398",
                    "phone_number_id": "106540352242922",
                    "pin": "482913",
                },
                request_only=True,
            ),
            OpenApiExample(
                "A job",
                value={**examples.JOB, "kind": "SIGNUP", "subject": "106540352242922"},
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        form = SignupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = signups.start(actor=self.actor, **form.validated_data)
        return Response(JobSerializer(job).data, status=202)
