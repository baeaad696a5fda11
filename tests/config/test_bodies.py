"""How large a request may be: small everywhere, and a file's size where files come in."""

import re

import pytest
from django.test import Client

from config import bodies
from tests.api import check_problem
from tests.guards.source import ROOT

pytestmark = pytest.mark.django_db
MB = 1024 * 1024
API = "/api/v1/tenant/6f1c2b1e-8a54-4c1f-9a3e-0d6c1a2b3c4d"


def post(path: str, size: int | str, **headers):
    """Announce a body; it need not come, because nobody reads it."""
    client = Client(SERVER_NAME="acme.localhost", raise_request_exception=False)
    return client.generic("POST", path, b"x", CONTENT_LENGTH=str(size), **headers)


@pytest.mark.parametrize("path", [f"{API}/media/", f"{API}/media"])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(acme, path):
    problem = check_problem(post(path, 102 * MB), 413, "file_too_large")

    assert "100 MB" in problem["detail"]
    check_problem(post(path, 100 * MB), 401, "not_authenticated")


@pytest.mark.parametrize(
    "path", ["/inbox/1/files", "/inbox/1/templates/2", "/broadcasts/1/columns"]
)
def test_a_page_says_so_in_words(acme, path):
    answer = post(path, 102 * MB)

    assert answer.status_code == 413
    assert "100 MB" in answer.content.decode()
    assert "100 MB" in post(path, 102 * MB, HTTP_HX_REQUEST="true").content.decode()


@pytest.mark.parametrize("path", ["/login/", "/inbox/1/reply", f"{API}/messages/send"])
def test_elsewhere_nobody_brings_a_file(acme, path):
    assert post(path, 4 * MB + 1).status_code == 413
    assert post(path, "9" * 5000).status_code == 413


def test_the_proxy_lets_files_in_where_we_do_and_nowhere_else():
    text = (ROOT / "deploy/nginx.conf.template").read_text()
    found = re.search(r"location ~ (\S+) \{\s*client_max_body_size 101m;", text)

    assert found is not None
    for path in (
        f"{API}/media/",
        f"{API}/media",
        "/inbox/7/files",
        "/inbox/7/templates/3",
        "/broadcasts/new",
        "/broadcasts/7/columns",
    ):
        assert re.search(found[1], path)
        assert bodies._UPLOADS.fullmatch(path)
    for path in (f"{API}/messages/send", "/inbox/7/reply", "/media/7", "/x/inbox/7/files"):
        assert not re.search(found[1], path)
        assert not bodies._UPLOADS.fullmatch(path)
