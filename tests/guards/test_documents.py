"""What the documents name must exist."""

import re

from tests.guards.source import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_architecture_names_files_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|js|css|html|md|yml))`", text))

    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_architecture_names_functions_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = re.findall(r"`((?:[\w-]+/)+[\w-]+\.(?:py|js)):(\w+)`", text)

    assert len(named) >= 15
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"\b(?:def|class|function|const)\s+{name}\b", source), (path, name)


def test_links_between_documents_lead_somewhere():
    for path in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), (path.name, target)
