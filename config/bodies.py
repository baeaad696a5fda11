"""How large a request may be, asked before anybody reads its body."""

import math
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.errors import TOO_LARGE, Problem, respond
from whatsapp.limits.media import LARGEST_BYTES

# Where files come in; their forms have a few fields beside them.
_UPLOADS = re.compile(
    r"/api/v1/tenant/[^/]+/(media|broadcasts)/?|/inbox/\d+/(files|templates/\d+)"
    r"|/broadcasts/(new|\d+/columns)"
)
_FORM_BYTES = 1024 * 1024
_FILE_TOO_LARGE = Problem(
    413, "file_too_large", _("A file can have 100 MB at most: this one is larger.")
)


class BodySizeMiddleware:
    """Refuse what announces more than is taken; Django itself counts only what is no file."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.headers.get("Content-Length", "")
        # A body of unknown length is cut off by the server, and is no form that we send.
        size = _size(announced) if announced.isdecimal() else 0
        if _UPLOADS.fullmatch(request.path):
            if size > LARGEST_BYTES + _FORM_BYTES:
                return respond(request, _FILE_TOO_LARGE)
        elif size > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            return respond(request, TOO_LARGE)
        return self.get_response(request)


def _size(announced: str) -> float:
    # More digits than these are no size of anything.
    return int(announced) if len(announced) <= 18 else math.inf
