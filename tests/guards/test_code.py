import ast
import re

import pytest

from tests.guards.source import ROOT, python_files, relative, tree

# Data, not code.
MAY_BE_LONG = {"config/settings.py"}


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_a_module_is_short_enough_to_read(path):
    if relative(path) not in MAY_BE_LONG:
        assert len(path.read_text().splitlines()) <= 300


def test_long_modules_are_still_long():
    assert all(len((ROOT / name).read_text().splitlines()) > 200 for name in MAY_BE_LONG)


def test_no_streaming_over_a_queryset():
    offenders = [relative(p) for p in python_files() if "StreamingHttpResponse" in p.read_text()]
    assert offenders == []


def test_tenant_doors_reach_rows_through_selectors():
    offenders = [
        relative(path)
        for path in python_files()
        if (path.name in {"views.py", "consumers.py"} or path.parent.name == "api")
        and re.search(r"get_object_or_404|\.objects\b", path.read_text())
    ]
    assert offenders == []


def test_services_take_keywords_only():
    """What is called from doors; the set-based writers take their session or cursor first."""
    offenders = [
        f"{relative(path)}:{node.name}"
        for path in python_files()
        if re.match(r"(tenants|whatsapp|conversations)/(webhooks/)?services/", relative(path))
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and any(argument.arg == "actor" for argument in node.args.args)
    ]
    assert offenders == []


def test_serializers_and_forms_do_not_save():
    offenders = [
        relative(path)
        for path in python_files()
        if path.name in {"forms.py", "serializers.py"} and "ModelSerializer" in path.read_text()
    ]
    assert offenders == []
