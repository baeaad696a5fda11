import re

import pytest

from tests.guards.source import ROOT, python_files, relative, templates

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\son\w+\s*=|\sstyle\s*=|javascript:",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", templates(), ids=relative)
def test_a_template_marks_nothing_safe_and_holds_no_inline_code(path):
    text = path.read_text()

    assert not re.search(r"\|\s*safe\b|autoescape off", text)
    assert not INLINE.search(text)


def test_no_code_marks_text_as_safe():
    offenders = [relative(p) for p in python_files() if re.search(r"\bmark_safe\b", p.read_text())]
    assert offenders == []


def test_every_partial_is_used():
    sources = [path.read_text() for path in [*templates(), *python_files()]]
    unused = [
        relative(path)
        for path in templates()
        if path.name.startswith("_")
        and not any(path.relative_to(ROOT / "templates").as_posix() in text for text in sources)
    ]
    assert unused == []
