import ast
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from tenants import context
from tests.guards.source import python_files, relative, tree

SHARED = {"tenants", "webhooks"}
OF_A_TENANT = {"feed", "whatsapp", "conversations", "analytics"}
# Names every tenant's schema at once: it makes the schemas, or looks for broken ones.
MAY_NAME_SCHEMAS = ("tenants/context.py", "tenants/db/", "tenants/services/tenancy.py")


def _tables(labels):
    return {model._meta.db_table for model in apps.get_models() if model._meta.app_label in labels}


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_every_model_lives_in_exactly_its_kind_of_schema(name, request):
    schema = request.getfixturevalue(name).schema_name
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', %s)",
            [schema],
        )
        rows = cursor.fetchall()
    public = {table for where, table in rows if where == "public"}
    tenant = {table for where, table in rows if where == schema}

    assert _tables(SHARED) <= public
    assert _tables(OF_A_TENANT) <= tenant
    assert not public & _tables(OF_A_TENANT)
    assert not tenant & _tables(SHARED)


def test_every_app_is_shared_or_a_tenants():
    assert not set(settings.SHARED_APPS) & set(settings.TENANT_APPS)


def test_every_selector_that_takes_an_id_takes_the_actor():
    offenders = [
        f"{relative(path)}:{node.name}"
        for path in python_files()
        if path.name == "selectors.py" and "webhooks" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and {"pk", "id"} & {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
        and "actor" not in {a.arg for a in [*node.args.args, *node.args.kwonlyargs]}
    ]
    assert offenders == []


def test_no_sql_names_a_schema_outside_the_context():
    offenders = [
        relative(path)
        for path in python_files()
        if re.search(r"SET\s+(?:LOCAL\s+)?search_path", path.read_text(), re.IGNORECASE)
        and not relative(path).startswith(MAY_NAME_SCHEMAS)
        # The set-based writer owns its connection and enters tenants on it in one place.
        and not relative(path).startswith("conversations/services/")
    ]
    assert offenders == []


def test_search_path_is_set_in_one_place_of_the_set_based_writer():
    places = [
        relative(path)
        for path in python_files()
        if relative(path).startswith("conversations/services/")
        and re.search(r"search_path", path.read_text())
    ]
    assert len(places) <= 1
