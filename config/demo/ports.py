"""Ports of this machine's loopback."""

import errno
import socket

from config.demo.errors import DemoError

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


class PortError(DemoError):
    """A port that was asked for cannot be had."""


def free() -> int:
    """Return a port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check(port: int, option: str) -> None:
    """Make sure that we could listen on this port.

    The second loopback counts too: a browser may ask there first, and meet another program.
    Raises: PortError, naming the option that chooses another port.
    """
    for family, address in LOOPBACKS:
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                why = "is taken by another program"
            elif error.errno == errno.EACCES:
                why = "may not be used by this user"
            else:  # a machine without this loopback
                continue
            raise PortError(f"Port {port} {why}: choose another one with {option}.") from error
