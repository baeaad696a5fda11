"""What steps can find: every code has its sentence, and whatever is wrong has its fix."""

import ast
import re

import pytest

from tests.guards.source import ROOT, tree
from whatsapp import errors, findings
from whatsapp.findings import STEPS, TABLE, Grade
from whatsapp.findings.numbers import WORDS, judge

VERDICTS = [
    (matter, word, verdict) for matter, words in WORDS.items() for word, verdict in words.items()
]
# Columns and members that begin like codes.
NO_CODES = {"app_secret", "number_id", "token_hex"}
ABOUT_NUMBERS = ["number_jobs", "doctor", "verifying", "echo"]


def _said(name: str) -> set[str]:
    """Every text in a module that looks like a finding's code."""
    module = tree(ROOT / f"whatsapp/services/{name}.py")
    texts = {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
    starts = tuple(f"{code.partition('_')[0]}_" for code in TABLE if "_" in code)
    found = {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z_]+", text)}
    return {text for text in found if text.startswith(starts)} - NO_CODES


@pytest.mark.parametrize("name", ABOUT_NUMBERS)
def test_every_code_that_a_job_uses_has_its_sentence(name):
    assert _said(name) - TABLE.keys() == set()


@pytest.mark.parametrize(("matter", "word", "verdict"), VERDICTS)
def test_every_word_has_a_verdict_that_can_be_told(matter, word, verdict):
    assert matter in STEPS
    finding = TABLE[verdict.code]
    assert bool(finding.fix) == (verdict.grade in {Grade.WARNING, Grade.PROBLEM})


@pytest.mark.parametrize("code", sorted(TABLE))
def test_sentences_are_filled_even_where_a_value_is_missing(code):
    told = findings.told({"step": "x", "state": "OK", "code": code, "values": {}}, str)

    assert told.what
    assert "%(" not in f"{told.what}{told.fix}"


@pytest.mark.parametrize("code", ["", "gone", "100%", "error.", "error.190", "error.999999"])
def test_a_code_that_is_not_listed_is_no_fault(code):
    row = {"step": "x", "state": "PROBLEM", "code": code, "values": {"detail": "50% %(a)s"}}

    told = findings.told(row, str)

    assert told.step == told.title == "x"
    assert told.what == (f"WhatsApp said: {row['values']['detail']}" if "." in code else code)


def test_an_error_of_metas_brings_its_own_fix():
    row = {"step": "x", "state": "PROBLEM", "code": findings.of_error(133005), "values": {}}

    assert findings.told(row, str).fix == errors.explain(133005).action


def test_a_word_that_nobody_knows_is_judged_as_the_unknown():
    assert judge("status", "SOMETHING_NEW") == WORDS["status"][""]
    assert judge("account", "SOMETHING_NEW") is None
