"""Addresses that Meta may be told to bring events to."""

from collections.abc import Iterator

from tenants import addresses
from tenants.addresses import Address, OddAddressError
from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.rules import Path, Violation, both, members, text

URI_MAX_CHARACTERS = 200
# Names that mean something on a private network only.
_PRIVATE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid")


def _uri(value: str, path: Path) -> Iterator[Violation]:
    address = _address(value)
    if address is None or address.scheme != "https":
        yield Violation(path, "invalid", _("This has to be an address that begins with https://."))
    elif not _is_public(address.host):
        sentence = _("WhatsApp can only reach an address on the public internet.")
        yield Violation(path, "private", sentence)


def _address(value: str) -> Address | None:
    try:
        return addresses.parse(value)
    except OddAddressError:
        return None


def _is_public(host: str) -> bool:
    """Judge by the name alone: it is Meta that looks it up, and Meta that connects."""
    ip = addresses.literal(host)
    if ip is not None:
        return addresses.is_public(ip)
    last = host.rpartition(".")[2]
    # A last part of digits is an address in some other spelling.
    return "." in host and not last[:1].isdigit() and last not in _PRIVATE


#: An override as Meta's call takes it.
OVERRIDE = members(
    {
        "override_callback_uri": both(text(URI_MAX_CHARACTERS), _uri),
        "verify_token": text(1000),
    }
)
