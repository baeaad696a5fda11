"""The safeguards that `make mutants` takes away stand where its patches expect them."""

import shutil

import pytest

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
    for test in mutant.tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists()
        assert name.partition("[")[0] in ((ROOT / path).read_text() if name else "")


def test_the_document_names_every_mechanism():
    assert table.written() == table.table(), "run python -m tests.mutants.table"
