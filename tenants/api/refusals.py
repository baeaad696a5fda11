"""What the API refuses before a handler sees it, and where in the request that stands."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ValidationError


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
