"""Every door of the product: pages of a tenant, routes of the API, the public host, sockets."""

import re
from collections.abc import Iterator

from django.conf import settings
from django.test import Client

from tests.guards.test_doors import OPEN, addresses

API = "api/v1/tenant/<uuid:tenant_id>/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def of_pages() -> set[tuple[str, str]]:
    """Return each page of a tenant with the methods that it has."""
    return {
        (route, method)
        for route in addresses("config.urls_tenant")
        if not route.startswith("api/")
        for method in _taken(route)
    }


def _taken(route: str) -> Iterator[str]:
    """Ask for it: a method that a page does not have is refused before anything else is asked."""
    client = Client(SERVER_NAME="acme.localhost")
    for method in METHODS[:2] if route in OPEN else METHODS:
        answer = client.generic(method, "/" + re.sub(r"<int:\w+>", "1", route))
        if answer.status_code != 405:
            yield method


def of_api() -> set[tuple[str, str]]:
    """Return each route of a tenant's API, in the spelling that is documented, with its methods."""
    known = {
        route: view
        for route, view in addresses("config.urls_tenant").items()
        if route.startswith(API)
    }
    # Both spellings are made together, and the one that is written comes first.
    written = list(known)[::2]
    return {
        (route.removeprefix(API), method)
        for route in written
        for method in METHODS
        if hasattr(known[route].view_class, method.lower())  # type: ignore[attr-defined]
    }


def of_console() -> set[str]:
    """Return each address of the public host but the API's."""
    return {route for route in addresses("config.urls_public") if not route.startswith("api/")}


def console_address(route: str) -> str:
    """Fill a route of the console with an id of nothing."""
    filled = re.sub(r"<path:\w+>|<\w+:\w+>|<\w+>", "1", route)
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "1", filled)


def of_sockets() -> set[str]:
    """Return each socket."""
    return set(settings.SOCKET_CONSUMERS)
