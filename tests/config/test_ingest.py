"""The process that takes webhooks, as it is put together."""

import os
import subprocess
import sys
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from config import ingest

PROJECT = Path(__file__).resolve().parents[2]


def test_the_process_of_its_own_has_no_django():
    program = "import sys, config.ingest; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    names = set(loaded.stdout.split())
    assert "whatsapp.webhooks.ingest.app" in names
    assert names.isdisjoint({"django.apps", "django.conf", "django.db", "config.celery"})


def test_what_the_databases_address_says_is_kept():
    program = (
        "from config import settings, ingest; print(ingest.conninfo(settings.DATABASES['default']))"
    )
    address = "postgres://me:secret@db.example:5433/app?sslmode=require"
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": address},
        capture_output=True,
        text=True,
        check=True,
    )

    assert conninfo_to_dict(said.stdout) == conninfo_to_dict(address)


def test_a_database_of_the_settings_in_libpqs_words():
    database = {
        "ENGINE": "tenants.db",
        "NAME": "the app",
        "USER": "me",
        "PASSWORD": "it's \\ odd",
        "HOST": "",
        "PORT": 5433,
        "OPTIONS": {"pool": {"max_size": 4}, "options": "-c a=b", "sslmode": "require"},
    }

    assert conninfo_to_dict(ingest.conninfo(database)) == {
        "dbname": "the app",
        "user": "me",
        "password": "it's \\ odd",
        "port": "5433",
        "sslmode": "require",
    }
