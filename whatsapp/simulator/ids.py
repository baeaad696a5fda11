"""Ids in the shapes that Meta gives them."""

import base64
import hashlib
import itertools
import secrets
from random import Random

from whatsapp.simulator import recipients

_INBOUND, _OUTBOUND = 0x12, 0x11


class Ids:
    """Makes ids that repeat with the same ``seed`` and never with an empty one.

    A demo keeps its database over restarts: ids that began again at one would be taken there for
    messages already known.
    """

    def __init__(self, seed: str = "") -> None:
        self._seed = seed or secrets.token_hex(16)
        self._count = itertools.count(1)
        self.random = Random(self._seed)  # noqa: S311 (shuffles for tests, no secret)

    def wamid(self, wa_id: str, *, inbound: bool) -> str:
        """Return a new message id: the person's number and a random part, as in Meta's."""
        unique = self._digest("wamid")[:20].upper().encode()
        number = wa_id.encode()[:64]
        raw = b"\x1c\x18" + bytes([len(number)]) + number + b"\x15\x02\x00"
        raw += bytes([_INBOUND if inbound else _OUTBOUND, 0x18, len(unique)]) + unique + b"\x00"
        return "wamid." + base64.b64encode(raw).decode()

    def fbtrace_id(self) -> str:
        """Return the id that a refused call is known by."""
        return (
            "A" + base64.urlsafe_b64encode(bytes.fromhex(self._digest("trace")[:32])).decode()[:22]
        )

    def object_id(self) -> str:
        """Return a new id of a number or an account: digits."""
        return "1" + str(int(self._digest("object")[:14], 16)).zfill(17)[:14]

    def secret(self) -> str:
        """Return a new token or code. With a seed it is the same in every run: it opens nothing."""
        return "EAA" + self._digest("secret")

    def _digest(self, kind: str) -> str:
        return hashlib.sha256(f"{self._seed}:{kind}:{next(self._count)}".encode()).hexdigest()


def identity_hash(wa_id: str, changes: int) -> str:
    """Return what stands for a person's keys; other ones after each change."""
    digest = hashlib.sha256(f"identity:{wa_id}:{changes}".encode()).digest()
    return base64.b64encode(digest[:9]).decode()


def user_id(waba_id: str, wa_id: str, changes: int = 0) -> str:
    """Return a person's business-scoped id: another one for each business, always the same.

    ``changes`` is how often it was renewed.
    """
    person = recipients.match_key(wa_id) + (f":{changes}" if changes else "")
    digest = hashlib.sha256(f"{waba_id}:{person}".encode()).hexdigest()
    return f"{recipients.country_of(wa_id)}.{int(digest[:14], 16)}"


def parent_user_id(waba_id: str, wa_id: str) -> str:
    """Return the id that the portfolio above the business's own knows a person by."""
    country, _, number = user_id(f"parent of {waba_id}", wa_id).partition(".")
    return f"{country}.ENT.{number}"
