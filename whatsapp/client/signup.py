"""Turn the code of Meta's Embedded Signup into an access token.

Source: developers.facebook.com/docs/whatsapp/embedded-signup, read 2026-11.
"""

from whatsapp import errors
from whatsapp.client import CloudApiClient, answers
from whatsapp.payloads.cleaning import text_of


def exchange(client: CloudApiClient, *, app_id: str, app_secret: str, code: str) -> str:
    """Return the business's token for a code, which is good once and for 30 seconds.

    In a body: Meta takes the same in an address too, and addresses end up in logs. ``client`` has
    the app's own token. Raises: CloudApiError, whose text holds neither code nor secret.
    """
    body = {"client_id": app_id, "client_secret": app_secret, "code": code}
    answer = client.call("POST", "oauth/access_token", body=body)
    document = answers.document_of(answer)
    token = text_of(document.get("access_token"))
    if token and document.get("error") is None:
        return token
    error = answer.error(secret=client.token)
    detail = error.detail.replace(code, "[code]").replace(app_secret, "[secret]")
    if token:
        detail = ""  # an answer that is both: whatever it says may hold the token
    raise _kind(error, answer.status)(detail, code=error.code)


def _kind(error: errors.CloudApiError, status: int) -> type[errors.CloudApiError]:
    """Of a code nothing is unknown once Meta has answered: it refused, whatever it calls that."""
    return errors.RefusedError if 400 <= status < 500 else type(error)
