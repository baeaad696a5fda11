"""The addresses that every host has."""

import pytest
from django.test import Client

HOSTS = ["localhost", "acme.localhost"]


@pytest.mark.parametrize("host", HOSTS)
def test_search_engines_are_kept_out(acme, host):
    answer = Client(SERVER_NAME=host).get("/robots.txt")

    assert (answer.status_code, answer.content) == (200, b"User-agent: *\nDisallow: /\n")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("origin", ["null", "http://evil.test", "http://globex.localhost"])
@pytest.mark.parametrize("path", ["/robots.txt", "/login/", "/health", "/api/schema/"])
def test_no_other_site_is_let_in(acme, host, origin, path):
    answer = Client(SERVER_NAME=host).get(path, headers={"origin": origin})

    assert "Access-Control-Allow-Origin" not in answer
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_no_other_site_reads_a_static_file(acme, settings):
    settings.WHITENOISE_USE_FINDERS = True

    answer = Client(SERVER_NAME="acme.localhost").get("/static/js/theme.js")

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer
