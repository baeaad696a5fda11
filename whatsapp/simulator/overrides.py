"""Callback addresses of a number or an account of its own, before the app's."""

from typing import Any

from whatsapp.simulator import handshake, params
from whatsapp.simulator.calls import Call
from whatsapp.simulator.config import ConfigError, check_callback_url
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.handshake import HandshakeError

URI_LIMIT = 200


async def verified(call: Call, wanted: dict[str, Any]) -> str:
    """Return the new address once its server has answered the handshake; "" removes it.

    Raises: GraphError.
    """
    params.only(wanted, "override_callback_uri", "verify_token")
    uri = params.text(wanted, "override_callback_uri", most=URI_LIMIT)
    if not uri:
        return ""
    verify_token = params.text(wanted, "verify_token", least=1, most=1000)
    try:
        await handshake.verify(call.engine, check_callback_url(uri), verify_token)
    except ConfigError as error:
        raise GraphError(100, message=f"(#100) {error}") from error
    except HandshakeError as error:
        text = f"(#2200) Callback verification failed with the following errors: {error}"
        raise GraphError(2200, message=text) from error
    return uri
