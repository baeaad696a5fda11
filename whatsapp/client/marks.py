"""Tell WhatsApp that a message was read, and that somebody is writing.

Source: developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read, read 2026-11.
"""

from urllib.parse import quote

from whatsapp.client import CloudApiClient, answers


def mark_read(
    client: CloudApiClient, *, phone_number_id: str, wamid: str, typing: bool = False
) -> None:
    """Mark an inbound message and those before it as read; may be repeated without harm.

    ``typing`` shows the customer for up to 25 seconds that somebody writes. Raises: CloudApiError.
    """
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    indicator = {"typing_indicator": {"type": "text"}} if typing else {}
    path = f"{quote(phone_number_id, safe='')}/messages"
    answer = client.call("POST", path, body={**body, **indicator})
    if answers.document_of(answer).get("success") is not True:
        raise answer.error(secret=client.token)
