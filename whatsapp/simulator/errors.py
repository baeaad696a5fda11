"""Meta's errors: the envelope of a refused call, and the object inside a `failed` status."""

from dataclasses import dataclass
from typing import Any

HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True, slots=True)
class Text:
    """How one code is worded, and the HTTP status that most often carries it."""

    http: int
    title: str
    details: str = ""
    subcode: int = 0


#: Source: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes, read 2026-11; the
#: HTTP column is the one that Meta published until 2025, or what traffic shows.
TEXTS: dict[int, Text] = {
    0: Text(401, "AuthException", "Unable to authenticate the app user."),
    1: Text(400, "API Unknown", "Invalid request or possible server error."),
    2: Text(503, "API Service", "Temporary due to downtime or due to being overloaded."),
    4: Text(400, "Application request limit reached", "The app has reached its API call limit."),
    10: Text(403, "Application does not have permission for this action"),
    100: Text(400, "Invalid parameter"),
    190: Text(401, "Error validating access token: Session has expired.", subcode=463),
    200: Text(403, "API Permission", "Permission is either not granted or has been removed."),
    368: Text(403, "Temporarily blocked for policies violations", "The WABA is restricted."),
    613: Text(429, "Calls to this api have exceeded the rate limit"),
    80007: Text(400, "Rate limit issues", "The WABA has reached its rate limit."),
    130429: Text(429, "Rate limit hit", "Cloud API message throughput has been reached."),
    130472: Text(
        400,
        "User's number is part of an experiment",
        "Message was not sent as part of an experiment.",
    ),
    130497: Text(403, "Business account is restricted from messaging users in this country."),
    131000: Text(500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: Text(403, "Access denied", "Permission is either not granted or has been removed."),
    131008: Text(400, "Required parameter is missing"),
    131009: Text(400, "Parameter value is not valid"),
    131016: Text(500, "Service unavailable", "A service is temporarily unavailable."),
    131021: Text(
        400,
        "Recipient cannot be sender",
        "Sender and recipient phone number is the same.",
    ),
    131026: Text(400, "Message undeliverable", "Message Undeliverable."),
    131030: Text(
        400,
        "Recipient phone number not in allowed list",
        "Recipient phone number not in allowed list: Add recipient phone number to recipient"
        " list and try again.",
    ),
    131031: Text(403, "Business Account locked", "Your account has been locked."),
    131042: Text(
        400,
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment"
        " method.",
    ),
    131045: Text(500, "Incorrect certificate", "Phone number registration error."),
    131047: Text(
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last"
        " replied to this number.",
    ),
    131048: Text(
        400,
        "Spam rate limit hit",
        "Message failed to send because there are restrictions on how many messages can be sent"
        " from this phone number.",
    ),
    131049: Text(
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    131050: Text(
        400,
        "User has stopped marketing messages",
        "Recipient has chosen to stop receiving marketing messages from your business.",
    ),
    131051: Text(400, "Unsupported message type", "Message type is currently not supported."),
    131053: Text(400, "Media upload error", "Unable to upload the media used in the message."),
    131056: Text(
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from the sender phone number to the same recipient.",
    ),
    131057: Text(500, "Account in maintenance mode", "The account is in maintenance mode."),
    132000: Text(400, "Number of parameters does not match the expected number of params"),
    132001: Text(404, "Template name does not exist in the translation"),
    132007: Text(400, "Template content policy violated"),
    132012: Text(400, "Parameter format does not match format in the created template"),
    132015: Text(400, "Template is paused", "Template is paused due to low quality."),
    132016: Text(400, "Template is disabled", "Template is permanently disabled."),
    133010: Text(400, "Account not registered", "Phone number is not registered."),
    2200: Text(400, "Callback verification failed"),
}


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
    ) -> None:
        text = TEXTS.get(code, Text(400, "Unknown error"))
        super().__init__(message or text.title)
        self.code = code
        self.http = text.http
        self.message = message or _numbered(code, text.title)
        self.details = details or text.details
        self.subcode = text.subcode if subcode is None else subcode
        self.kind = kind

    def body(self, fbtrace_id: str) -> dict[str, Any]:
        """The JSON envelope that every refused call has."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = fbtrace_id
        return {"error": error}


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
