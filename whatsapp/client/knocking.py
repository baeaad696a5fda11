"""Bring our own door an event, as Meta would."""

import requests

from whatsapp import errors
from whatsapp.client import wire


def knock(url: str, *, body: bytes, signature: str) -> int:
    """Post a signed body and return the status of the answer.

    Raises: NotSentError, when nobody could be asked.
    """
    wire.begin()
    try:
        with wire.session().post(
            url,
            data=body,
            headers={"Content-Type": "application/json", "X-Hub-Signature-256": signature},
            timeout=(wire.CONNECT_SECONDS, wire.READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            return response.status_code
    except (requests.RequestException, OSError) as error:
        raise errors.NotSentError(type(error).__name__) from None
