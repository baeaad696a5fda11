"""How the API refuses: what before a handler sees it, and how descriptions say so."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ValidationError

from tenants.serializers import ProblemSerializer

PROBLEM_TYPE = "application/problem+json"
# For ``responses``: the state of things does not allow it; it was merged with another one.
CONFLICT: dict[Any, Any] = {(409, PROBLEM_TYPE): ProblemSerializer}
GONE: dict[Any, Any] = {(410, PROBLEM_TYPE): ProblemSerializer}


class ParameterError(ValidationError):
    """A query parameter is not valid."""

    place = "parameter"


class HeaderError(ValidationError):
    """A header is not valid."""

    place = "header"


class LengthRequiredError(APIException):
    status_code = 411
    default_code = "length_required"
    default_detail = _("A body needs a Content-Length.")
