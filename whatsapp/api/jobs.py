"""Look at what waits for Meta."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.api import examples
from whatsapp.serializers import JobSerializer


class JobView(TenantAPIView):
    permission = Permission.FOLLOW_JOBS

    @extend_schema(
        operation_id="jobs_read",
        tags=["jobs"],
        summary="Read one job",
        responses={200: JobSerializer},
        examples=[OpenApiExample("A job that is done", value=examples.JOB_DONE)],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(JobSerializer(selectors.job_for(self.actor, pk)).data)
