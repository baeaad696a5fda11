"""The base of every refusal that a user may read."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal with a stable code, an HTTP status and a sentence fit for the user.

    Subclasses sit beside the function that raises them; ``config.errors`` alone turns them into
    problem documents, toasts and pages.
    """

    code: str = "error"
    http_status: int = 400
    message: str | Promise = _("This could not be done.")

    def __init__(self, message: str | Promise | None = None, **context: Any) -> None:
        self.sentence = message if message is not None else self.message
        self.context = context
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.sentence)


class NotFoundError(DomainError):
    code = "not_found"
    http_status = 404
    message = _("There is nothing here, or it is not yours to see.")


class ForbiddenError(DomainError):
    code = "forbidden"
    http_status = 403
    message = _("Your role does not allow this.")
