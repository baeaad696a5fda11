"""Meta's errors: the envelope of a refused call, and the object inside a `failed` status."""

from typing import Any

from whatsapp.simulator.error_texts import RATES, SUBCODES, TEXTS, Text

__all__ = ["RATES", "SUBCODES", "TEXTS", "GraphError", "Text", "missing_object", "refusal"]

HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


class GraphError(Exception):
    """A refusal in Meta's words.

    ``message`` replaces the title of the code; ``subcode`` and ``details`` its usual ones.
    """

    def __init__(
        self,
        code: int,
        *,
        message: str = "",
        details: str = "",
        subcode: int | None = None,
        kind: str = "OAuthException",
        retry_after_seconds: int = 0,
    ) -> None:
        text = TEXTS.get(code, Text(400, "Unknown error"))
        super().__init__(message or text.title)
        self.code = code
        self.http = text.http
        self.message = message or _numbered(code, text.title)
        self.details = details or text.details
        self.subcode = text.subcode if subcode is None else subcode
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds
        self.headers: dict[str, str] = {}

    def body(self, fbtrace_id: str) -> dict[str, Any]:
        """The JSON envelope that every refused call has."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = fbtrace_id
        return {"error": error}


def refusal(code: int) -> GraphError:
    """Return the refusal with a code of the table, as a knob asks for it."""
    if code in SUBCODES:
        details = TEXTS[code].title
        return GraphError(100, subcode=code, message="Invalid parameter", details=details)
    return GraphError(code)


def missing_object(object_id: str, method: str) -> GraphError:
    """Return what Meta says of an id that is unknown, gone or not the caller's: all the same."""
    return GraphError(
        100,
        message=f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not"
        " exist, cannot be loaded due to missing permissions, or does not support this operation."
        " Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api",
        subcode=33,
        kind="GraphMethodException",
    )


def webhook_error(code: int) -> dict[str, Any]:
    """Return the object that stands in ``errors`` of a `failed` status."""
    text = TEXTS.get(code, Text(400, "Unknown error"))
    return {
        "code": code,
        "title": text.title,
        "message": text.title,
        "error_data": {"details": text.details or text.title},
        "href": HREF,
    }


def _numbered(code: int, title: str) -> str:
    return title if code == 190 else f"(#{code}) {title}"
