"""Every address of both hosts: who may come in, and that nothing stands on the wrong one."""

import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver
from rest_framework.permissions import AllowAny

# Tenant pages that everybody may ask for.
OPEN = {
    "login/",
    "logout/",
    "invitation/<str:token>",
    "forgotten/",
    "password/<str:token>",
    "support/enter",
    "support/over",
    "i18n/setlang/",
    "robots.txt",
    "favicon.ico",
}
API = ("api/",)
API_OPEN = {
    "api/v1/auth/login",
    "api/v1/auth/refresh",
    "api/v1/auth/logout",
    "api/schema/",
    "api/docs/",
}


def addresses(module: str) -> dict[str, object]:
    """Every route of a URLconf with its view."""
    return dict(_walk(import_module(module).urlpatterns, ""))


def _walk(patterns: list, prefix: str) -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route, pattern.callback


def _pages() -> dict[str, object]:
    known = addresses("config.urls_tenant").items()
    return {route: view for route, view in known if not route.startswith(API)}


def test_every_page_of_a_tenant_asks_for_a_permission():
    unguarded = {route for route, view in _pages().items() if not hasattr(view, "permission")}

    assert unguarded <= OPEN


def test_the_open_pages_are_still_there():
    assert _pages().keys() >= OPEN


@pytest.mark.parametrize("route", sorted(set(_pages()) - OPEN))
def test_nobody_is_let_in_anywhere(acme, route):
    address = "/" + re.sub(r"<int:\w+>", "1", route)
    client = Client(SERVER_NAME="acme.localhost")

    for answer in (client.get(address), client.post(address)):
        assert answer.status_code in (302, 405), (route, answer.status_code)
        if answer.status_code == 302:
            assert answer["Location"].startswith("/login/")


def test_every_route_of_the_api_authenticates():
    known = addresses("config.urls_tenant").items()
    open_views = {
        route.removesuffix("/")
        for route, view in known
        if route.startswith(API)
        and (not hasattr(view, "view_class") or AllowAny in view.view_class.permission_classes)
    }

    assert open_views <= {route.removesuffix("/") for route in API_OPEN}


def test_the_console_is_on_the_public_host_only():
    assert not [route for route in addresses("config.urls_tenant") if "admin" in route]
    assert [route for route in addresses("config.urls_public") if route.startswith("admin/")]


def test_no_page_of_a_tenant_is_on_the_public_host():
    shared = {"i18n/setlang/", "robots.txt", "favicon.ico", ""}

    assert not (set(_pages()) - shared) & set(addresses("config.urls_public"))
