"""Addresses that a tenant names: read once, by one parser, and judged by where they really lead."""

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from urllib3.exceptions import LocationParseError
from urllib3.util.url import Url, parse_url

URL_MAX_CHARACTERS = 2000
PORTS = {"https": 443, "http": 80}
HOST_MAX_CHARACTERS = 253
# Parsers disagree on what stands behind these, so nobody gets to read them.
_ODD = re.compile(r"[\s\\#]|^[^/]*//[^/?]*@")
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
)

# ``is_global`` of Python calls addresses of these kinds global; each leads elsewhere, or nowhere.
_ELSEWHERE_4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4")))
_ELSEWHERE_6 = tuple(
    map(
        IPv6Network,
        (
            "::/96",  # IPv4 in an old spelling
            "::ffff:0:0/96",  # IPv4 as a socket shows it
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",  # NAT64 of a network's own
            "2001::/23",  # Teredo and other protocols
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "fec0::/10",  # a site's own, of old
            "ff00::/8",  # multicast
        ),
    )
)


class OddAddressError(Exception):
    """The text is no plain address of the web."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart. ``host`` is a name, or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, as they go into the request

    @property
    def netloc(self) -> str:
        """The host as a request names it: with brackets, and with a port that is not the usual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse(text: str) -> Address:
    """Take a URL apart. Raises: OddAddressError.

    What this parser says is what is connected to: nothing reads the text a second time.
    """
    if not text.isascii() or not text.isprintable() or _ODD.search(text):
        raise OddAddressError
    if len(text) > URL_MAX_CHARACTERS:
        raise OddAddressError
    try:
        url = parse_url(text)
    except LocationParseError:
        raise OddAddressError from None
    if url.scheme not in PORTS or url.auth is not None or url.port == 0:
        raise OddAddressError
    return Address(url.scheme, _host(url), url.port or PORTS[url.scheme], url.request_uri)


def _host(url: Url) -> str:
    host = url.host or ""
    if host.startswith("["):
        try:
            if "%" in host:  # a zone means something on one machine only
                raise OddAddressError
            return str(IPv6Address(host[1:-1]))
        except ValueError:
            raise OddAddressError from None
    if len(host) > HOST_MAX_CHARACTERS or not _NAME.fullmatch(host):
        raise OddAddressError
    return host.rstrip(".")


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one machine's on the public internet."""
    elsewhere = _ELSEWHERE_4 if isinstance(ip, IPv4Address) else _ELSEWHERE_6
    return ip.is_global and not any(ip in network for network in elsewhere)


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a host is, None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def network_of(address: str) -> str:
    """Return what one customer of an access provider holds: an IPv4 address, or an IPv6 /64."""
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed[:8] + bytes(8), 64)))
