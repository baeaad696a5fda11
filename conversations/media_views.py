"""The files of messages, for whoever may see their conversation."""

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from conversations import downloads, selectors
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission


@require_safe
@role_required(Permission.READ_CONVERSATIONS)
def file(request: OperatorRequest, pk: int) -> HttpResponseBase:
    """Answer with a file, or the part of it that a player asks for."""
    media = selectors.media_for(request.actor, pk)
    return downloads.respond(request, tenant_id=request.tenant.pk, media=media)


@require_safe
@role_required(Permission.READ_CONVERSATIONS)
def thumbnail(request: OperatorRequest, pk: int) -> HttpResponseBase:
    """Answer with the small picture of a picture."""
    media = selectors.media_for(request.actor, pk)
    return downloads.respond(request, tenant_id=request.tenant.pk, media=media, thumbnail=True)
