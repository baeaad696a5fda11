"""What a broadcast is going to do."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import broadcasts
from conversations.api import examples
from conversations.serializers.forecasts import ForecastSerializer
from conversations.services.broadcasts import forecasting
from tenants.api.base import TenantAPIView
from tenants.permissions import Permission


class ForecastView(TenantAPIView):
    permission = Permission.READ_BROADCASTS

    @extend_schema(
        operation_id="broadcasts_forecast",
        tags=["broadcasts"],
        summary="Tell what a broadcast will do with the rows that wait",
        description="To how many, how many of them at once under WhatsApp's messaging limit, and"
        " until when, if nothing else is sent meanwhile.",
        responses={200: ForecastSerializer},
        examples=[OpenApiExample("More than a day's", value=examples.FORECAST)],
    )
    def get(self, request: Request, pk: int) -> Response:
        found = broadcasts.broadcast_for(self.actor, pk)
        made = forecasting.forecast(broadcast=found, now=timezone.now())
        return Response(ForecastSerializer(made).data)
