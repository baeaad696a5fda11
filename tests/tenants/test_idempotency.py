"""The Idempotency-Key of the frame: every POST takes one, and secrets are told once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenants import context
from tenants.feed.models import IdempotencyKey
from tests.access import doors
from tests.api import api_of, check_problem
from tests.config.test_openapi import DOCUMENT
from whatsapp.models import Job, MediaFile
from whatsapp.webhooks.models import MetaApp

pytestmark = pytest.mark.django_db
# These do not need one: whoever repeats them gets new tokens, or ends what has ended.
WITHOUT = {"/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"}
APP = {"name": "Acme", "app_id": "1482213665", "app_secret": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}


@pytest.fixture
def admin(people):
    return api_of(people["admin@acme.test"])


@pytest.fixture
def base(acme, phones):
    return f"/api/v1/tenant/{acme.pk}"


def test_every_post_takes_a_key_and_says_how_it_refuses_one():
    posts = {path: item["post"] for path, item in DOCUMENT["paths"].items() if "post" in item}
    found = {
        path
        for path, operation in posts.items()
        if "Idempotency-Key" in {one["name"] for one in operation.get("parameters", ())}
        and {"409", "422"} <= operation["responses"].keys()
    }

    assert found == posts.keys() - WITHOUT
    assert {route for route, method in doors.of_api() if method == "POST"} != set()


def test_a_repeated_post_is_done_once(admin, base, acme, phones):
    place = f"{base}/phones/{phones['acme'].pk}/check"

    first = admin.post(place, {}, Idempotency_Key="k1")
    again = admin.post(place, {}, Idempotency_Key="k1")

    assert first.json() == again.json()
    assert [one.get("Idempotent-Replayed") for one in (first, again)] == [None, "true"]
    check_problem(
        admin.post(place, {"repair": True}, Idempotency_Key="k1"), 422, "idempotency_other_body"
    )
    with context.tenant(acme.schema_name):
        assert Job.objects.count() == 1


def test_a_secret_is_told_once_and_kept_nowhere(admin, base, acme):
    first = admin.post(f"{base}/meta-apps/", APP, Idempotency_Key="k1").json()
    again = admin.post(f"{base}/meta-apps/", APP, Idempotency_Key="k1")

    assert first["verify_token"]
    assert again.status_code == 201
    assert again.json() == {**first, "verify_token": None}
    with context.tenant(acme.schema_name):
        assert first["verify_token"] not in str(IdempotencyKey.objects.get().response_body)
    with context.platform():
        assert MetaApp.objects.filter(tenant=acme).count() == 1


def test_what_was_made_has_its_place_also_in_a_later_answer(admin, base):
    first = admin.post(f"{base}/meta-apps/", APP, Idempotency_Key="k1")
    again = admin.post(f"{base}/meta-apps/", APP, Idempotency_Key="k1")

    assert first["Location"] == again["Location"] == f"{base}/meta-apps/{first.json()['id']}/"
    assert admin.get(first["Location"]).status_code == 200


def test_a_refusal_is_not_kept(admin, base):
    check_problem(admin.post(f"{base}/meta-apps/", {}, Idempotency_Key="k1"), 400, "invalid")

    assert admin.post(f"{base}/meta-apps/", APP, Idempotency_Key="k1").status_code == 201
    for odd in ("", "a b", "á", "x" * 256):
        check_problem(admin.post(f"{base}/meta-apps/", APP, Idempotency_Key=odd), 400, "invalid")


def test_a_file_is_kept_once(admin, base, acme):
    def upload(content: bytes):
        file = SimpleUploadedFile("a.csv", content, "text/csv")
        headers = {**admin.headers, "Idempotency-Key": "k1"}
        return admin.client.post(f"{base}/media/", {"file": file}, headers=headers)

    first, again = upload(b"a;b\n1;2\n"), upload(b"a;b\n1;2\n")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    check_problem(upload(b"a;b\n1;3\n"), 422, "idempotency_other_body")
    with context.tenant(acme.schema_name):
        assert MediaFile.objects.count() == 1


def test_query_parameters_are_of_the_request(admin, base, phones):
    place = f"{base}/blocks/refresh"

    first = admin.post(f"{place}?phone={phones['acme'].pk}", Idempotency_Key="k1")
    other = admin.post(place, Idempotency_Key="k1")

    assert first.status_code == 202, first.json()
    check_problem(other, 422, "idempotency_other_body")
