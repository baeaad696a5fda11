"""Read, fetch, create, edit and delete templates. No request waits for Meta."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import keyset
from tenants.api.base import TenantAPIView
from tenants.api.refusals import CONFLICT
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.api import examples
from whatsapp.models import MessageTemplate
from whatsapp.serializers import (
    DeletionParameters,
    DeletionSerializer,
    JobSerializer,
    NewTemplateSerializer,
    PartsSerializer,
    TemplatePageSerializer,
    TemplateParameters,
    TemplateSerializer,
)
from whatsapp.services import templates

_QUEUED = OpenApiExample("A job", value=examples.JOB, response_only=True, status_codes=["202"])


class TemplateListView(TenantAPIView):
    permission = Permission.READ_TEMPLATES
    permission_to_change = Permission.MANAGE_TEMPLATES
    parameters_class = TemplateParameters

    @extend_schema(
        operation_id="templates_list",
        tags=["templates"],
        summary="List templates, the one whose status changed last first",
        parameters=[TemplateParameters],
        responses={200: TemplatePageSerializer},
        examples=[OpenApiExample("A page", value=examples.PAGE)],
    )
    def get(self, request: Request) -> Response:
        wanted = self.parameters
        found = selectors.templates_of(
            self.actor,
            waba_id=wanted.get("account", ""),
            status=wanted.get("status", ""),
            search=wanted["search"],
        )
        page = keyset.page(
            found,
            time_field="status_at",
            request=request,
            parameters=wanted,
            scope=f"{self.actor.tenant.pk}|templates",
            render=_templates,
        )
        return Response(page)

    @extend_schema(
        operation_id="templates_create",
        tags=["templates"],
        summary="Create a template",
        description="Checks the template by WhatsApp's rules, naming each place that would be"
        " refused, and hands it in for review by a job.",
        request=NewTemplateSerializer,
        responses={202: JobSerializer, **CONFLICT},
        examples=[
            OpenApiExample("A template", value=examples.NEW, request_only=True),
            _QUEUED,
        ],
    )
    def post(self, request: Request) -> Response:
        form = NewTemplateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        template = dict(form.validated_data)
        account = self._account(template.pop("account", ""))
        job = templates.create(actor=self.actor, waba_id=account, template=template)
        return Response(JobSerializer(job).data, status=202)

    def _account(self, wanted: str) -> str:
        known = selectors.accounts_of(self.actor)
        if not known:
            raise templates.NoAccountError
        if not wanted and len(known) > 1:
            sentence = _("There are several accounts: say which one.")
            raise ValidationError({"account": [sentence]}, "required")
        return wanted or known[0]


class SyncView(TenantAPIView):
    permission = Permission.SYNC_TEMPLATES
    without_body = ("POST",)

    @extend_schema(
        operation_id="templates_sync",
        tags=["templates"],
        summary="Fetch the templates from WhatsApp",
        description="Starts a job for each business account, or names the one that waits already.",
        request=None,
        responses={202: JobSerializer(many=True), **CONFLICT},
        examples=[_QUEUED],
    )
    def post(self, request: Request) -> Response:
        jobs = templates.sync(actor=self.actor)
        return Response(JobSerializer(jobs, many=True).data, status=202)


class TemplateView(TenantAPIView):
    permission = Permission.READ_TEMPLATES
    permission_to_change = Permission.MANAGE_TEMPLATES
    parameters_of = {"DELETE": DeletionParameters}

    @extend_schema(
        operation_id="templates_read",
        tags=["templates"],
        summary="Read one template",
        responses={200: TemplateSerializer},
        examples=[OpenApiExample("A template", value=examples.TEMPLATE)],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(TemplateSerializer(selectors.template_for(self.actor, pk)).data)

    @extend_schema(
        operation_id="templates_update",
        tags=["templates"],
        summary="Replace the parts of a template",
        description="All parts at once, by a job. WhatsApp lets approved templates be edited once a"
        " day and ten times in 30 days.",
        request=PartsSerializer,
        responses={202: JobSerializer, **CONFLICT},
        examples=[
            OpenApiExample("The parts", value={"components": [examples.BODY]}, request_only=True),
            _QUEUED,
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        template = selectors.template_for(self.actor, pk)
        form = PartsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = templates.edit(
            actor=self.actor, template=template, components=form.validated_data["components"]
        )
        return Response(JobSerializer(job).data, status=202)

    @extend_schema(
        operation_id="templates_delete",
        tags=["templates"],
        summary="Delete a template",
        description="By a job, in its own language; with `languages=all` in every language of its"
        " name. `languages` of the answer says which go.",
        parameters=[DeletionParameters],
        responses={202: DeletionSerializer, **CONFLICT},
        examples=[
            OpenApiExample(
                "A job",
                value={**examples.JOB, "kind": "TEMPLATE_DELETE", "languages": ["pt_BR"]},
                response_only=True,
                status_codes=["202"],
            )
        ],
    )
    def delete(self, request: Request, pk: int) -> Response:
        template = selectors.template_for(self.actor, pk)
        job = templates.delete(
            actor=self.actor,
            template=template,
            all_languages=self.parameters["languages"] == "all",
        )
        return Response(DeletionSerializer(job).data, status=202)


def _templates(rows: Sequence[MessageTemplate]) -> list[Any]:
    return list(TemplateSerializer(rows, many=True).data)
