"""What has changed since a program looked last."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.serializers.changes import ChangesParameters, ChangesSerializer
from tenants.api.base import TenantAPIView
from tenants.feed import selectors
from tenants.permissions import Permission

_PAGE = {
    "results": [
        {
            "seq": 842,
            "kind": "ARRIVAL",
            "id": 1203,
            "conversation": 7,
            "at": "2026-11-10T12:00:00.120000Z",
        }
    ],
    "last_seq": 842,
    "reset": False,
}


class ChangesView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS
    parameters_class = ChangesParameters

    @extend_schema(
        operation_id="changes_list",
        tags=["changes"],
        summary="List what has changed since a number",
        description="Every visible change has a number, one after the other without a gap, and is"
        " kept for 7 days. It says what to read anew, not what it says now.",
        parameters=[ChangesParameters],
        responses={200: ChangesSerializer},
        examples=[OpenApiExample("A message came", value=_PAGE)],
    )
    def get(self, request: Request) -> Response:
        page = selectors.page_after(self.parameters.get("after"), limit=self.parameters["limit"])
        return Response(ChangesSerializer(page).data)
