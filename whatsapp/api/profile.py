"""The business profile of a number: read, fetched anew, changed. No request waits for Meta."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.api import examples
from whatsapp.models import BusinessProfile
from whatsapp.serializers import JobSerializer
from whatsapp.serializers.profile import ProfileChangesSerializer, ProfileSerializer
from whatsapp.services import profiles

_PROFILE: dict[str, Any] = {
    "about": "Padaria desde 1987",
    "address": "Rua das Flores 12, São Paulo",
    "description": "Pães, bolos e café da manhã, todos os dias das 6 às 20 h.",
    "email": "oi@padaria.example",
    "websites": ["https://padaria.example"],
    "vertical": "RESTAURANT",
    "picture_url": "",
    "read_at": "2026-11-10T12:00:00Z",
}
_JOB = OpenApiExample(
    "A job",
    value={**examples.JOB, "kind": "PROFILE_EDIT", "subject": "106540352242922"},
    response_only=True,
    status_codes=["202"],
)


class ProfileView(TenantAPIView):
    permission = Permission.READ_NUMBERS
    permission_to_change = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_profile_read",
        tags=["phones"],
        summary="Read a number's business profile",
        description="As WhatsApp last told of it, at `read_at`: it is read again once a day.",
        responses={200: ProfileSerializer},
        examples=[OpenApiExample("A profile", value=_PROFILE)],
    )
    def get(self, request: Request, pk: int) -> Response:
        profile = selectors.profile_of(self.actor, selectors.phone_for(self.actor, pk))
        return Response(ProfileSerializer(profile or BusinessProfile()).data)

    @extend_schema(
        operation_id="phones_profile_update",
        tags=["phones"],
        summary="Change a number's business profile",
        description="Checked by WhatsApp's limits, naming each place that would be refused, and"
        " changed by a job.",
        request=ProfileChangesSerializer,
        responses={202: JobSerializer, **CONFLICT},
        examples=[
            OpenApiExample("A change", value={"about": "Padaria desde 1987"}, request_only=True),
            _JOB,
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        form = ProfileChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = profiles.edit(actor=self.actor, phone=phone, changes=dict(form.validated_data))
        return Response(JobSerializer(job).data, status=202)


class ProfileRefreshView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS
    without_body = ("POST",)

    @extend_schema(
        operation_id="phones_profile_refresh",
        tags=["phones"],
        summary="Read a number's business profile anew",
        description="Starts a job, or names the one that waits already.",
        request=None,
        responses={202: JobSerializer, **CONFLICT},
        examples=[_JOB],
    )
    def post(self, request: Request, pk: int) -> Response:
        phone = selectors.phone_for(self.actor, pk)
        job = profiles.refresh(actor=self.actor, phone=phone)
        return Response(JobSerializer(job).data, status=202)
