"""Meta apps: their secrets go in and never come out."""

import time

import pytest

from tenants import context, secrets
from tenants.models import AuditEvent
from tests.conftest import connect
from whatsapp.webhooks.models import MetaApp
from whatsapp.webhooks.services import apps

SECRET = "0123456789abcdef0123456789abcdef"
NEW_SECRET = "fedcba9876543210fedcba9876543210"


def register(tenant=None, **other) -> MetaApp:
    given = {
        "name": "App",
        "app_id": "4711",
        "app_secret": SECRET,
        "verify_token": "a-token-of-mine",
    }
    return apps.register_app(actor=None, tenant=tenant, **{**given, **other})


def stored(app: MetaApp) -> MetaApp:
    with context.platform():
        return MetaApp.objects.get(pk=app.pk)


def test_secrets_are_sealed_for_the_owner(acme):
    app = stored(register(tenant=acme))

    assert SECRET not in app.app_secret_sealed
    assert apps.opened(app=app, column="app_secret") == SECRET
    assert apps.opened(app=app, column="verify_token") == "a-token-of-mine"
    with pytest.raises(secrets.SealBrokenError):
        secrets.open(
            app.app_secret_sealed,
            tenant=secrets.PLATFORM,
            table="webhooks_metaapp",
            column="app_secret",
        )


def test_the_platform_has_one_app(db, meta_app):
    with pytest.raises(apps.AppTakenError):
        register()


def test_an_app_id_is_taken_once_by_each_owner(acme, globex):
    register(tenant=acme)

    with pytest.raises(apps.AppTakenError):
        register(tenant=acme)
    register(tenant=globex)  # whose it really is, its secret tells


def test_the_platforms_app_is_nobody_elses(acme, meta_app):
    with pytest.raises(apps.AppTakenError):
        register(tenant=acme, app_id=meta_app.app_id)


def test_a_removed_app_stays_removed(acme):
    app = register(tenant=acme)
    late = stored(app)
    apps.remove_app(actor=None, app=app)

    for act in (
        lambda: apps.change_app(actor=None, app=late, name="x", is_active=True),
        lambda: apps.set_verify_token(actor=None, app=late, verify_token="another-token"),
        lambda: apps.rotate_secret(actor=None, app=late, app_secret=NEW_SECRET),
        lambda: apps.remove_app(actor=None, app=late),
    ):
        with pytest.raises(apps.AppGoneError):
            act()
    gone = stored(app)
    assert (gone.is_active, gone.app_secret_sealed, gone.verify_token_sealed) == (False, "", "")


def test_a_rotation_keeps_the_secret_before_until_it_is_forgotten(acme):
    app = register(tenant=acme)

    assert apps.rotate_secret(actor=None, app=app, app_secret=NEW_SECRET)
    rotated = stored(app)
    assert apps.opened(app=rotated, column="app_secret") == NEW_SECRET
    assert _previous(rotated) == SECRET

    assert apps.forget_previous_secret(actor=None, app=app)
    assert not apps.forget_previous_secret(actor=None, app=app)
    assert stored(app).previous_secret_sealed == ""


def test_a_secret_counts_for_seven_days_after_it_was_replaced(acme, monkeypatch):
    app = register(tenant=acme)
    newest, before, oldest = (
        _sealed_on(monkeypatch, app, days_ago, letter * 16)
        for days_ago, letter in ((6, "c"), (8, "b"), (30, "a"))
    )
    app.app_secret_sealed, app.previous_secret_sealed = newest, f"{before} {oldest}"
    with context.platform():
        app.save()

    apps.rotate_secret(actor=None, app=app, app_secret=NEW_SECRET)

    assert _previous_all(stored(app)) == ["c" * 16, "b" * 16]


def test_a_removed_app_has_no_secrets_and_its_id_may_come_again(acme, globex):
    app = register(tenant=acme)

    apps.remove_app(actor=None, app=app)

    gone = stored(app)
    assert (gone.app_secret_sealed, gone.previous_secret_sealed, gone.verify_token_sealed) == (
        ("",) * 3
    )
    assert not gone.is_active
    assert register(tenant=globex).pk != app.pk


def test_an_app_with_numbers_is_not_removed(acme):
    app = register(tenant=acme)
    connect(acme, app)

    with pytest.raises(apps.AppInUseError):
        apps.remove_app(actor=None, app=app)
    assert stored(app).removed_at is None


def test_the_same_secret_again_changes_nothing(acme):
    app = register(tenant=acme)

    assert not apps.rotate_secret(actor=None, app=app, app_secret=SECRET)
    assert stored(app).previous_secret_sealed == ""


def test_a_secret_that_no_key_opens_can_be_replaced(acme, settings):
    app = register(tenant=acme)
    settings.FIELD_KEYS = "k9:" + "A" * 43 + "="

    assert apps.opened(app=app, column="app_secret") is None
    assert apps.rotate_secret(actor=None, app=app, app_secret=NEW_SECRET)
    assert apps.opened(app=stored(app), column="app_secret") == NEW_SECRET


@pytest.mark.parametrize(
    "value", ["", "short", "with spaces in between it", "ç" * 32, "x" * 31 + "\n"]
)
def test_a_secret_that_cannot_be_metas_is_refused(acme, value):
    with pytest.raises(apps.WeakSecretError):
        register(tenant=acme, app_secret=value)
    with pytest.raises(apps.WeakSecretError):
        register(tenant=acme, verify_token=value)


def test_every_change_is_written_down_without_the_secrets(acme):
    app = register(tenant=acme)
    apps.rotate_secret(actor=None, app=app, app_secret=NEW_SECRET)
    apps.set_verify_token(actor=None, app=app, verify_token="another-token")
    apps.change_app(actor=None, app=app, name="Renamed", is_active=False)

    with context.platform():
        events = list(AuditEvent.objects.order_by("id"))
    assert [event.action for event in events] == [
        "meta_app.registered",
        "meta_app.secret_rotated",
        "meta_app.verify_token_set",
        "meta_app.changed",
    ]
    written = str([event.changes for event in events])
    assert SECRET not in written
    assert NEW_SECRET not in written
    assert "another-token" not in written


def _previous(app: MetaApp) -> str:
    (only,) = _previous_all(app)
    return only


def _sealed_on(monkeypatch, app: MetaApp, days_ago: int, secret: str) -> str:
    """Seal with another clock: a seal carries the time at which it was made."""
    place = {"tenant": str(app.tenant_id), "table": "webhooks_metaapp", "column": "app_secret"}
    with monkeypatch.context() as patch:
        moment = time.time() - days_ago * 86_400
        patch.setattr(time, "time", lambda: moment)
        return secrets.seal(secret, **place)


def _previous_all(app: MetaApp) -> list[str]:
    place = {"tenant": str(app.tenant_id), "table": "webhooks_metaapp", "column": "app_secret"}
    return [secrets.open(sealed, **place) for sealed in app.previous_secret_sealed.split()]
