"""Every error code of the Cloud API: its HTTP status and its words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """How one code is worded, and the HTTP status that most often carries it."""

    http: int
    title: str
    details: str = ""
    subcode: int = 0


_GROUP = "The group or the wish for it is not valid."
_FLOW = "The flow cannot be sent as it is."

#: Source: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes, read 2026-11; the
#: HTTP column is the one that Meta published until 2025, or what traffic shows. The wording of the
#: codes that Meta only names is ours.
TEXTS: dict[int, Text] = {
    0: Text(401, "AuthException", "Unable to authenticate the app user."),
    1: Text(400, "API Unknown", "Invalid request or possible server error."),
    2: Text(503, "API Service", "Temporary due to downtime or due to being overloaded."),
    3: Text(500, "API Method", "Capability or permissions issue."),
    4: Text(400, "Application request limit reached", "The app has reached its API call limit."),
    10: Text(403, "Application does not have permission for this action"),
    33: Text(400, "Parameter value is not valid", "The business phone number has been deleted."),
    100: Text(400, "Invalid parameter"),
    104: Text(400, "An access token is required to request this resource."),
    190: Text(401, "Error validating access token: Session has expired.", subcode=463),
    200: Text(403, "API Permission", "Permission is either not granted or has been removed."),
    **dict.fromkeys(range(201, 300), Text(403, "API Permission", "A permission is missing.")),
    368: Text(403, "Temporarily blocked for policies violations", "The WABA is restricted."),
    613: Text(429, "Calls to this api have exceeded the rate limit"),
    2200: Text(400, "Callback verification failed"),
    80007: Text(400, "Rate limit issues", "The WABA has reached its rate limit."),
    130403: Text(400, "User is blocked", "The business has blocked this user."),
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
    131020: Text(400, "Group is not valid", _GROUP),
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
    131037: Text(
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
    ),
    131041: Text(400, "Group message could not be sent", _GROUP),
    131042: Text(
        400,
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment"
        " method.",
    ),
    131044: Text(400, "Payment issue", "The call failed because of the payment method."),
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
    131052: Text(400, "Media download error", "Unable to download the media sent by the user."),
    131053: Text(400, "Media upload error", "Unable to upload the media used in the message."),
    131055: Text(400, "Method not allowed", "Only marketing templates may be sent this way."),
    131056: Text(
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from the sender phone number to the same recipient.",
    ),
    131057: Text(500, "Account in maintenance mode", "The account is in maintenance mode."),
    131059: Text(400, "Group settings could not be changed", _GROUP),
    131060: Text(400, "This message is unavailable", "The message is currently unavailable."),
    131062: Text(
        400,
        "Business-scoped user id is not supported",
        "This message cannot be sent to a business-scoped user id: use the phone number.",
    ),
    131063: Text(
        400, "Marketing messages disabled", "Marketing is disabled for this account's Cloud API."
    ),
    131064: Text(
        400, "Template limit", "Messages are limited because of miscategorized templates."
    ),
    **dict.fromkeys(range(131200, 131215), Text(400, "Group request failed", _GROUP)),
    131215: Text(400, "Groups not available", "The phone number is not eligible for groups."),
    132000: Text(400, "Number of parameters does not match the expected number of params"),
    132001: Text(404, "Template name does not exist in the translation"),
    132005: Text(400, "Translated text too long", "The filled in text is too long."),
    132007: Text(400, "Template content policy violated"),
    132008: Text(400, "Component parameter is not valid", "A component has a wrong value."),
    132012: Text(400, "Parameter format does not match format in the created template"),
    132015: Text(400, "Template is paused", "Template is paused due to low quality."),
    132016: Text(400, "Template is disabled", "Template is permanently disabled."),
    132018: Text(400, "Template validation failed", "A parameter of a component is not valid."),
    132068: Text(400, "Flow is blocked", _FLOW),
    132069: Text(400, "Flow is throttled", "10 messages with this flow were sent within the hour."),
    133000: Text(500, "Incomplete deregistration", "A previous deregistration attempt failed."),
    133004: Text(503, "Server temporarily unavailable", "The server is temporarily unavailable."),
    133005: Text(400, "Two step verification PIN mismatch", "The PIN is incorrect."),
    133006: Text(
        400, "Phone number re-verification needed", "The number has to be verified first."
    ),
    133008: Text(400, "Too many two step verification PIN guesses"),
    133009: Text(400, "Two step verification PIN guessed too fast"),
    133010: Text(400, "Account not registered", "Phone number is not registered."),
    133015: Text(400, "Please wait a few minutes", "The number was deleted a moment ago."),
    133016: Text(400, "Account register deregister rate limit exceeded"),
    134011: Text(404, "Payments terms of service not accepted"),
    134100: Text(400, "Only marketing messages supported"),
    134101: Text(400, "Template is syncing", "The template is synced within 10 minutes."),
    134102: Text(500, "Template unavailable", "The template cannot be used here."),
    135000: Text(400, "Generic user error", "The parameters are not valid."),
    136024: Text(400, "Request code error", "The code could not be requested."),
    136025: Text(400, "Verify code error", "The code could not be verified."),
    137000: Text(400, "Identity key hash mismatch", "The user's identity has changed."),
    **dict.fromkeys(range(138000, 138019), Text(400, "Call could not be made")),
    139000: Text(400, "Blocked by integrity", _FLOW),
    139001: Text(400, "Flow cannot be updated", _FLOW),
    139002: Text(400, "Flow cannot be published", _FLOW),
    139003: Text(400, "Flow cannot be deprecated", _FLOW),
    139004: Text(400, "Flow cannot be deleted", _FLOW),
    139100: Text(400, "Failed to block or unblock some users"),
    139101: Text(400, "Blocklist limit reached"),
    139102: Text(400, "Blocklist concurrent update"),
    139103: Text(400, "Internal error, please retry"),
    139200: Text(400, "Direct Send blocked"),
    **dict.fromkeys(range(147001, 147006), Text(400, "Username cannot be used")),
    200005: Text(400, "Template insights are not available"),
    200006: Text(400, "Template insights cannot be disabled"),
    200007: Text(400, "Template insights are not enabled"),
    1752041: Text(400, "Duplicate onboarding of a partner's customer"),
    2388012: Text(400, "Number cannot be migrated"),
    2388019: Text(400, "Template limit reached", "The account has as many templates as it may."),
    2388023: Text(400, "Message template language is being deleted"),
    2388024: Text(400, "Content in this language already exists"),
    2388039: Text(400, "Message template cannot be edited"),
    2388040: Text(400, "Character limit exceeded"),
    2388047: Text(400, "Message header format is incorrect"),
    2388072: Text(400, "Message body format is incorrect"),
    2388073: Text(400, "Message footer format is incorrect"),
    2388091: Text(400, "Number cannot be migrated"),
    2388093: Text(400, "Number cannot be migrated"),
    2388103: Text(400, "Number cannot be migrated"),
    2388293: Text(400, "Too many variables for the length of the text"),
    2388299: Text(400, "Variables can't be at the start or end of the template"),
    2388318: Text(400, "Template could not be made from the message"),
    2388330: Text(400, "Template could not be made from the message"),
    2494055: Text(429, "Rate limit hit", "Cloud API message throughput has been reached."),
    2494100: Text(400, "Number in maintenance", "The number is being migrated."),
    2593107: Text(400, "Synchronization request limit exceeded"),
    2593108: Text(400, "Synchronization outside the time window"),
    2593109: Text(400, "History sharing is turned off", "The business does not share its history."),
}

#: What stands as the subcode of a 100, in calls that make or change templates.
SUBCODES = frozenset(
    {2388019, 2388023, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299}
)
#: Of these Meta says when to come again.
RATES = frozenset({4, 613, 80007, 130429, 131056})
