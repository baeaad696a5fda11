"""The patches of `make mutants` fit the code, and docs/reliability.md names tests that exist."""

import shutil

import pytest

from tests.faults.matrix import FAULTS
from tests.guards.source import ROOT
from tests.mutants import patching, table

MUTANTS = patching.mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_patch_fits_the_code(mutant, tmp_path):
    for path in {hunk.path for hunk in mutant.hunks}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)

    patching.apply(mutant, tmp_path)

    for path in {hunk.path for hunk in mutant.hunks if hunk.path.endswith(".py")}:
        compile((tmp_path / path).read_text(), path, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_s_tests_exist(mutant):
    check_tests(mutant.tests)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.what)
def test_a_fault_s_tests_exist(fault):
    assert fault.tests
    check_tests(fault.tests)


def check_tests(tests):
    for test in tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists()
        assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text() or not name


def test_the_document_names_every_mechanism():
    assert table.written() == table.table(), "run python -m tests.mutants.table"


def test_the_document_names_every_fault():
    found = table.written(table.FAULTS_BEGIN, table.FAULTS_END)
    assert found == table.faults(), "run python -m tests.mutants.table"
