"""Whose secret counts on which path."""

import time

import psycopg
import pytest

from tenants import context, secrets
from tests.conftest import APP_SECRET, connect
from tests.whatsapp.webhooks.door import PATH, database_url
from whatsapp.webhooks.ingest import candidates
from whatsapp.webhooks.models import MetaApp, PhoneRoute

BODY = b"{}"


def by_key(app: MetaApp) -> str:
    return f"/webhook/whatsapp/apps/{app.app_key}"


def by_number(tenant) -> str:
    with context.platform():
        return f"/webhook/whatsapp/{PhoneRoute.objects.get(tenant=tenant).phone_number_id}"


def sealed(secret: str) -> str:
    return secrets.seal(
        secret, tenant=secrets.PLATFORM, table="webhooks_metaapp", column="app_secret"
    )


def change(app: MetaApp, **values: object) -> None:
    with context.platform():
        MetaApp.objects.filter(pk=app.pk).update(**values)


def answers(door, path: str, secret: str, status: int) -> bool:
    """Wait until the door answers so: it may keep what it read for a few seconds."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if door.post(BODY, path, secret=secret).status == status:
            return True
        time.sleep(0.1)
    return False


def test_an_own_app_signs_on_its_own_path_and_is_noted(door, stored, own_app):
    app = own_app("2000")

    assert door.post(BODY, by_key(app), secret="0002").status == 200
    assert [delivery.app_id for delivery in stored()] == [app.pk]


def test_an_own_app_gets_turns_for_its_own_numbers_only(door, stored, own_app, acme, meta_app):
    """Whoever has a secret could make up as many numbers as it likes, each with a turn."""
    app = own_app("2000")
    connect(acme, app)
    with context.platform():
        mine = PhoneRoute.objects.get(tenant=acme).phone_number_id

    for number in (mine, "999"):
        body = b'{"phone_number_id":"%s"}' % number.encode()
        assert door.post(body, by_key(app), secret="0002").status == 200
        assert door.post(body).status == 200  # Meta's own signature

    found = [(delivery.app_id, delivery.phone_number_id_hint) for delivery in stored()]
    assert found == [(app.pk, mine), (meta_app.pk, mine), (app.pk, ""), (meta_app.pk, "999")]


def test_an_own_app_signs_on_the_path_of_its_number(door, stored, own_app, acme):
    app = own_app("2000")
    connect(acme, app)

    assert door.post(BODY, by_number(acme), secret="0002").status == 200
    assert [delivery.app_id for delivery in stored()] == [app.pk]


def test_the_platforms_app_may_sign_on_an_own_apps_path(door, stored, own_app, meta_app):
    assert door.post(BODY, by_key(own_app("2000"))).status == 200
    assert [delivery.app_id for delivery in stored()] == [meta_app.pk]


def test_an_own_app_signs_nowhere_else(door, stored, own_app, acme, globex, meta_app):
    mine, other = own_app("2000"), own_app("3000", tenant=globex)
    connect(acme, mine)
    connect(globex, other)

    for path in (PATH, by_key(other), by_number(globex), "/webhook/whatsapp/999"):
        assert door.post(BODY, path, secret="0002").status == 401
    assert not stored()


def test_a_number_on_the_platforms_app_takes_no_other(door, stored, own_app, phones, globex):
    own_app("2000")

    assert door.post(BODY, by_number(globex), secret="0002").status == 401
    assert not stored()


def test_an_app_that_is_switched_off_signs_nothing(door, own_app, meta_app):
    change(meta_app, is_active=False)
    app = own_app("2000", is_active=False)

    assert door.post(BODY).status == 401
    assert door.post(BODY, by_key(app), secret="0002").status == 401


def test_no_app_at_all_is_a_refusal_and_no_error(door, meta_app):
    with context.platform():
        meta_app.delete()

    assert door.post(BODY).status == 401
    assert door.get(hub_mode="subscribe", hub_verify_token="", hub_challenge="1").status == 403


def test_the_secret_before_a_rotation_still_counts(door, stored, meta_app):
    change(
        meta_app,
        app_secret_sealed=sealed("the new one"),
        previous_secret_sealed=meta_app.app_secret_sealed,
    )

    assert door.post(BODY, secret="the new one").status == 200
    assert door.post(BODY, secret=APP_SECRET).status == 200
    assert len(stored()) == 2


def test_all_secrets_of_the_last_days_count(door, stored, meta_app):
    before = " ".join((sealed("the one before"), meta_app.app_secret_sealed))
    change(meta_app, app_secret_sealed=sealed("the new one"), previous_secret_sealed=before)

    for secret in ("the new one", "the one before", APP_SECRET):
        assert door.post(BODY, secret=secret).status == 200
    assert door.post(BODY, secret="another").status == 401


def test_a_rotation_is_known_soon(door, meta_app):
    assert candidates.MAX_AGE_SECONDS <= 5
    assert door.post(BODY, secret=APP_SECRET).status == 200

    change(meta_app, app_secret_sealed=sealed("the new one"))

    assert answers(door, PATH, "the new one", 200)
    assert door.post(BODY, secret=APP_SECRET).status == 401


def test_apps_that_cannot_be_read_in_time_are_a_503(door, monkeypatch):
    monkeypatch.setattr(candidates, "TIMEOUT_SECONDS", 0.2)
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE public.webhooks_metaapp")
        assert door.post(BODY).status == 503
        assert door.get(hub_mode="subscribe").status == 503
        assert door.post(BODY, headers=[]).status == 401

    assert answers(door, PATH, APP_SECRET, 200)


@pytest.mark.parametrize("broken", ["", "k9:unknown", "k1:not-a-token", "nothing", "k1:\u00e9"])
def test_one_apps_broken_seal_does_not_stop_the_others(door, own_app, globex, broken):
    app = own_app("2000", app_secret_sealed=broken)
    other = own_app("3000", tenant=globex)

    assert door.post(BODY, by_key(app), secret="0002").status == 401
    assert door.post(BODY, by_key(app), secret="").status == 401
    assert door.post(BODY, by_key(other), secret="0003").status == 200
    assert door.post(BODY).status == 200


def test_a_seal_copied_from_another_tenant_does_not_open(door, own_app, globex):
    app = own_app("2000")
    copy = own_app("3000", tenant=globex, app_secret_sealed=app.app_secret_sealed)

    assert door.post(BODY, by_key(copy), secret="0002").status == 401


def test_secrets_do_not_show_in_a_traceback():
    app = candidates.App(1, ("the secret",), "the token")

    assert "secret" not in repr(app)
    assert "token" not in repr(app)
