from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from tenants import context

OURS = {"tenants", "webhooks", "feed", "whatsapp", "conversations", "analytics"}


def test_no_migration_is_missing(db):
    with context.platform():
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


@pytest.mark.parametrize("label", sorted(OURS))
def test_every_migration_runs_inside_a_transaction(label):
    assert apps.get_app_config(label)
    loader = MigrationLoader(None, ignore_no_migrations=True)
    own = [migration for (app, _), migration in loader.disk_migrations.items() if app == label]

    assert all(migration.atomic for migration in own)
