"""The one door for requests to addresses that a tenant names.

An address is read by one parser, resolved, and every answer of the resolver has to be public; then
the connection goes to what was checked and not to what a second look-up says. All of that again at
every request. No redirect is followed, no proxy asked, and the whole call ends in time.
"""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address

import certifi
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants import addresses
from tenants.addresses import PORTS, Address, OddAddressError
from tenants.errors import DomainError

TOTAL_SECONDS = 15.0  # from the look-up to the last byte that is read
CHECK_SECONDS = 3.0  # of a look-up that somebody waits for
ANSWER_MAX_BYTES = 64 * 1024
_CHUNK_BYTES = 8 * 1024


class AddressRefusedError(DomainError):
    """An address that no request goes to."""

    code = "address_refused"
    http_status = 400
    message = _("This has to be an https address on the public internet, without a port.")


class AddressUnknownError(AddressRefusedError):
    code = "address_unknown"
    message = _("There is no server with this name.")


class NoAnswerError(Exception):
    """Nobody can say what the receiver did; ``code`` is one of a few words, without details."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of a long body the beginning."""

    status: int
    body: bytes
    retry_after: str


def check(url: str) -> None:
    """Look whether requests may go to ``url``, and ask nobody but the resolver.

    Takes ``CHECK_SECONDS`` at most. Says nothing about the next time.
    Raises: AddressRefusedError, AddressUnknownError.
    """
    try:
        _resolved(_read(url), CHECK_SECONDS)
    except NoAnswerError:
        raise AddressUnknownError from None


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], seconds: float = TOTAL_SECONDS
) -> Answer:
    """Bring ``body`` to ``url``; any answer is one, also a redirect.

    Raises: AddressRefusedError, NoAnswerError.
    """
    deadline = time.monotonic() + seconds
    address = _read(url)
    places = _resolved(address, seconds)
    connection = _Pinned(address, places, deadline)
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", address.target, body=body, headers=_headers(address, headers))
        response = connection.getresponse()
        if connection.is_cut:  # in the middle of the headers, whatever was made of them
            raise TimeoutError
        return Answer(
            response.status,
            _beginning(response),
            response.headers.get("Retry-After", "")[:100],
        )
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswerError(_code(error, late=connection.is_cut)) from None
    finally:
        watch.cancel()
        connection.close()


def _read(url: str) -> Address:
    try:
        address = addresses.parse(url)
    except OddAddressError:
        raise AddressRefusedError from None
    if _is_own(address.host):
        return address
    if address.scheme != "https" and not settings.DEBUG:
        raise AddressRefusedError
    if address.port != PORTS[address.scheme]:
        raise AddressRefusedError
    return address


def _resolved(address: Address, seconds: float) -> list[str]:
    """Return the IP addresses of a host, none of them anywhere but on the public internet.

    Raises: AddressRefusedError, AddressUnknownError, NoAnswerError.
    """
    places = list(dict.fromkeys(_lookup(address, seconds)))
    if not places:
        raise AddressUnknownError
    for place in places:
        ip = ip_address(place.partition("%")[0])
        if not addresses.is_public(ip) and not (ip.is_loopback and _is_own(address.host)):
            raise AddressRefusedError
    return places


def _is_own(host: str) -> bool:
    """Tell whether a host is this machine, where a test says that this is all right."""
    ip = addresses.literal(host)
    return settings.EGRESS_LOOPBACK and (host == "localhost" or (ip is not None and ip.is_loopback))


def _lookup(address: Address, seconds: float) -> list[str]:
    """Ask the resolver, which knows no time-out, and leave it behind when it takes too long."""
    found: list[str] = []
    ended = threading.Event()

    def ask() -> None:
        # Whatever is wrong with the name, there is no address.
        with suppress(OSError, UnicodeError):
            rows = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            found.extend(str(row[4][0]) for row in rows)
        ended.set()

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    if not ended.wait(seconds):
        raise NoAnswerError("timeout")
    return found


class _Pinned(HTTPConnection):
    """Connects to an address that was checked, and speaks to it as to the host."""

    def __init__(self, address: Address, places: list[str], deadline: float) -> None:
        super().__init__(address.host, address.port)
        self._address, self._places, self._deadline = address, places, deadline
        self._open: socket.socket | None = None  # known also while only the answer holds it
        self.is_cut = False

    def connect(self) -> None:
        """Try the places in their order, with the time that is left."""
        self.sock = self._open = self._connected()
        if self._address.scheme == "https":
            # The handshake comes after the socket is known, so that it ends in time as well.
            self.sock = self._open = _tls().wrap_socket(
                self.sock, server_hostname=self._address.host, do_handshake_on_connect=False
            )
            self.sock.settimeout(self._left())
            self.sock.do_handshake()

    def cut(self) -> None:
        """End whatever is under way: a time-out alone lets a byte a second go on for ever."""
        self.is_cut = True
        if self._open is not None:
            with suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        for place in self._places[:-1]:
            with suppress(OSError):
                return self._to(place, share=len(self._places))
        return self._to(self._places[-1])

    def _to(self, place: str, *, share: int = 1) -> socket.socket:
        return socket.create_connection((place, self._address.port), self._left() / share)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _headers(address: Address, headers: Mapping[str, str]) -> dict[str, str]:
    return {
        "Host": address.netloc,
        "User-Agent": "balcao",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }


def _beginning(response: HTTPResponse) -> bytes:
    """Read so much of an answer as is taken. Raises: OSError, HTTPException."""
    body = bytearray()
    while len(body) < ANSWER_MAX_BYTES:
        chunk = response.read(min(_CHUNK_BYTES, ANSWER_MAX_BYTES - len(body)))
        if not chunk:
            break
        body += chunk
    return bytes(body)


def _code(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "broken"
