"""The files of messages."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import downloads, selectors
from conversations.api import examples
from tenants.api.base import TenantAPIView
from tenants.permissions import Permission
from whatsapp.models import MediaFile


class MediaErrorSerializer(serializers.Serializer[Any]):
    """Why a file is not here, or not yet."""

    code = serializers.CharField(source="error")
    title = serializers.CharField(source="get_error_display")


class MediaSerializer(serializers.Serializer[Any]):
    """A file that came with a message."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=MediaFile.State.choices)
    name = serializers.CharField(help_text="As it was sent, cleaned; may be empty.")
    mime_type = serializers.CharField(help_text="What its bytes are; empty until it is stored.")
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of its bytes, in hex; empty until it is stored.")
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    error = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(MediaErrorSerializer(allow_null=True))
    def get_error(self, file: MediaFile) -> Any:
        return MediaErrorSerializer(file).data if file.error else None


class MediaView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="media_read",
        tags=["media"],
        summary="Read what is known of a file",
        responses={200: MediaSerializer},
        examples=[OpenApiExample("A photo", value=examples.MEDIA)],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(MediaSerializer(selectors.media_for(self.actor, pk)).data)


class MediaFileView(TenantAPIView):
    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="media_file",
        tags=["media"],
        summary="Fetch a file's bytes",
        description="Understands `Range`. A file that is not stored (yet) is not found.",
        responses={(200, "*/*"): OpenApiTypes.BINARY},
        examples=[
            OpenApiExample("Bytes", value="...", media_type="*/*"),
        ],
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        media = selectors.media_for(self.actor, pk)
        tenant_id = self.actor.tenant.pk
        return downloads.respond(request._request, tenant_id=tenant_id, media=media)
