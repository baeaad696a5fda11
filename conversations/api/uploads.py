"""Upload files, to send them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api import examples
from conversations.api.media import MediaSerializer
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from tenants.serializers import StrictSerializer
from whatsapp import limits
from whatsapp.services import keeping


class UploadSerializer(StrictSerializer):
    """A file, as the part `file` of a form (multipart/form-data)."""

    file = serializers.FileField(
        allow_empty_file=True, max_length=1000, help_text="What it is, its bytes say."
    )
    type = serializers.ChoiceField(
        choices=list(limits.MEDIA),
        required=False,
        help_text="What it is to be sent as; then it is looked at as that.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"type": "", **attrs}


class UploadView(TenantAPIView):
    permission = Permission.REPLY
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="media_upload",
        tags=["media"],
        summary="Upload a file",
        description="Keeps a file; its `id` goes into `messages/send` as `media`. WhatsApp gets it"
        " when it is sent, once for each number. What WhatsApp would not take is refused: photos"
        " (JPEG, PNG) up to 5 MB, videos (MP4, 3GP) and audio (AAC, AMR, MP3, M4A, OGG with Opus)"
        " up to 16 MB, stickers (WebP) up to 100 KB or 500 KB when they move, documents (text, PDF,"
        " Word, Excel, PowerPoint) up to 100 MB. A file that nobody sends within 30 days is"
        " deleted.",
        request={"multipart/form-data": UploadSerializer},
        responses={201: MediaSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "A photo",
                value={"file": "...", "type": "image"},
                request_only=True,
                media_type="multipart/form-data",
            ),
            OpenApiExample("Kept", value=examples.MEDIA, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        kept = keeping.keep(
            actor=self.actor,
            source=file,
            name=file.name,
            declared=file.content_type or "",
            kind=form.validated_data["type"],
        )
        return Response(MediaSerializer(kept).data, status=201)
