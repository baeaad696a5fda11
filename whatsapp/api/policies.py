"""What an admin decides for a number."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.permissions import Permission
from whatsapp.serializers import PhonePolicySerializer, ReadPolicySerializer
from whatsapp.services import policies

_ANSWER = {
    "id": 1,
    "display_phone_number": "+55 11 4000-1001",
    "read_policy": "ON_REPLY",
    "read_marks_failed": 0,
}


class ReadPolicyView(TenantAPIView):
    permission = Permission.MANAGE_NUMBERS

    @extend_schema(
        operation_id="phones_read_policy",
        tags=["phones"],
        summary="Decide when customers see that their messages were read",
        request=ReadPolicySerializer,
        responses={200: PhonePolicySerializer},
        examples=[
            OpenApiExample("A choice", value={"read_policy": "ON_REPLY"}, request_only=True),
            OpenApiExample("The number", value=_ANSWER, response_only=True),
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        form = ReadPolicySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        phone = policies.set_read_policy(
            actor=self.actor, phone_id=pk, policy=form.validated_data["read_policy"]
        )
        return Response(PhonePolicySerializer(phone).data)
