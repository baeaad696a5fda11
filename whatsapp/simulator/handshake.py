"""The GET by which Meta makes sure that a callback address is wanted there."""

from http.client import HTTPException
from urllib.parse import urlencode

from whatsapp.simulator.engine import Engine


class HandshakeError(Exception):
    """The server did not answer as it must; the message says how instead."""


async def verify(engine: Engine, url: str, verify_token: str) -> None:
    """Ask ``url`` to echo a challenge, and wait for it. Raises: HandshakeError."""
    challenge = str(engine.world.ids.random.randrange(10**8, 10**9))
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": verify_token,
    }
    try:
        status, body = await engine.sender.challenge(f"{url}?{urlencode(query)}")
    except (OSError, HTTPException) as error:
        raise HandshakeError(f"no answer ({error})") from error
    if status != 200:
        raise HandshakeError(f"HTTP Status Code = {status}")
    if body != challenge.encode():
        raise HandshakeError("the answer is not the challenge")
