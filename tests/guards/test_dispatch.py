"""A task is named by a string: every such name must lead somewhere, with arguments that fit."""

import ast
import importlib
import inspect

import pytest

from tests.guards.source import python_files, relative, tree


def _dispatches() -> list[tuple[str, str, list[str]]]:
    found = []
    for path in python_files():
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in {"enqueue", "nudge"} or not node.args:
                continue
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                keywords = [keyword.arg for keyword in node.keywords if keyword.arg]
                found.append((relative(path), name.value, keywords))
    return found


def test_there_are_dispatches_to_check():
    assert _dispatches()


@pytest.mark.parametrize(("path", "name", "keywords"), _dispatches())
def test_a_dispatched_task_exists_and_takes_its_arguments(path, name, keywords):
    module, _, function = name.rpartition(".")
    task = getattr(importlib.import_module(module), function)
    original = inspect.unwrap(task.run)

    inspect.signature(original).bind(**dict.fromkeys(keywords))
