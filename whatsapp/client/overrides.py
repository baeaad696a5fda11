"""Where Meta brings what concerns one number or one account, instead of the app's own address.

Only events about messages follow an override; templates and accounts go to the app's address.
Source: developers.facebook.com/docs/whatsapp/embedded-signup/webhooks/override, read 2026-11.
"""

from typing import Any
from urllib.parse import quote

from whatsapp.client import CloudApiClient, answers

URI_MAX_CHARACTERS = 200


def set_for_account(client: CloudApiClient, *, waba_id: str, uri: str, verify_token: str) -> None:
    """Set an account's override; Meta makes its handshake there first. Raises: CloudApiError."""
    _post(client, _account(waba_id), {"override_callback_uri": uri, "verify_token": verify_token})


def remove_for_account(client: CloudApiClient, *, waba_id: str) -> None:
    """Remove an account's override; may be repeated. Raises: CloudApiError."""
    _post(client, _account(waba_id), {})


def set_for_number(
    client: CloudApiClient, *, phone_number_id: str, uri: str, verify_token: str
) -> None:
    """Set a number's override; Meta makes its handshake there first. Raises: CloudApiError."""
    wanted = {"override_callback_uri": uri, "verify_token": verify_token}
    _post(client, quote(phone_number_id, safe=""), {"webhook_configuration": wanted})


def remove_for_number(client: CloudApiClient, *, phone_number_id: str) -> None:
    """Remove a number's override; may be repeated. Raises: CloudApiError."""
    wanted = {"override_callback_uri": ""}
    _post(client, quote(phone_number_id, safe=""), {"webhook_configuration": wanted})


def _account(waba_id: str) -> str:
    return f"{quote(waba_id, safe='')}/subscribed_apps"


def _post(client: CloudApiClient, path: str, body: dict[str, Any]) -> None:
    answer = client.call("POST", path, body=body)
    if answers.document_of(answer).get("success") is not True:
        raise answer.error(secret=client.token)
