"""Hand the samples of templates in to Meta's app. Reached from jobs only: this waits for Meta."""

import copy
from typing import Any

from django.utils.translation import gettext_noop as _

from tenants import context
from whatsapp.client import uploads
from whatsapp.models import MediaFile
from whatsapp.services import files, samples
from whatsapp.services.kinds import StepFailedError, Work
from whatsapp.webhooks.models import PhoneRoute

# Stored in English, translated when shown.
GONE = _("The sample file is not there any more.")
NO_APP = _("No Meta app is known for this account.")


def hand_in(work: Work, template: dict[str, Any]) -> dict[str, Any]:
    """Hand in the samples that a template's parts name; return it with Meta's handles instead.

    Waits for Meta; may be repeated. Raises: CloudApiError, StepFailedError, NoTokenError.
    """
    filled = copy.deepcopy(template)
    headers = [header for _place, header in samples.named(filled.get("components"), ())]
    if headers:
        app_id = _app_id(work)
        access = uploads.Uploads(work.account(work.job.subject))
        for header in headers:
            handle = _handle(work, access, app_id, header["example"]["media"])
            header["example"] = {"header_handle": [handle]}
    return filled


def _app_id(work: Work) -> str:
    with context.platform():
        route = (
            PhoneRoute.objects.filter(tenant=work.tenant, waba_id=work.job.subject)
            .select_related("app")
            .order_by("pk")
            .first()
        )
    if route is None:
        raise StepFailedError(NO_APP)
    return route.app.app_id


def _handle(work: Work, access: uploads.Uploads, app_id: str, pk: int) -> str:
    file = MediaFile.objects.filter(pk=pk, state=MediaFile.State.STORED).first()
    if file is None:
        raise StepFailedError(GONE)
    try:
        with files.open_file(tenant_id=work.tenant.pk, key=file.key) as source:
            return access.sample(
                app_id, source, mime_type=file.mime_type, size_bytes=file.size_bytes
            )
    except FileNotFoundError:
        raise StepFailedError(GONE) from None
