"""Addresses that Meta may be told to bring events to."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.rules import Path, Violation, both, members, text

URI_MAX_CHARACTERS = 200
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
# Names that mean something on a private network only.
_PRIVATE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid")


def _uri(value: str, path: Path) -> Iterator[Violation]:
    parts = _parts(value)
    if parts is None or parts.scheme != "https":
        yield Violation(path, "invalid", _("This has to be an address that begins with https://."))
    elif not _is_public(parts.hostname or ""):
        sentence = _("WhatsApp can only reach an address on the public internet.")
        yield Violation(path, "private", sentence)


def _parts(value: str) -> SplitResult | None:
    """Take a plain address apart; None for one that different programs may read differently."""
    odd = not value.isascii() or not value.isprintable() or re.search(r"[\s\\#@]", value)
    try:
        parts = urlsplit(value)
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if fits and not odd else None


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".")
    last = name.rpartition(".")[2]
    # A last part of digits is an address in some other spelling.
    named = "." in name and not last[:1].isdigit() and last not in _PRIVATE
    return named and _HOST.fullmatch(name) is not None


#: An override as Meta's call takes it.
OVERRIDE = members(
    {
        "override_callback_uri": both(text(URI_MAX_CHARACTERS), _uri),
        "verify_token": text(1000),
    }
)
