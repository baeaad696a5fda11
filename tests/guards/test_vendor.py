import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static/vendor"
VENDORED = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["vendored"]


@pytest.mark.parametrize("one", VENDORED, ids=lambda one: one["name"])
def test_what_was_copied_is_what_was_published_and_its_licence_is_there(one):
    assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    assert (VENDOR / one["licence"]).stat().st_size > 200
    assert one["version"] in one["source"] or one["name"] == "lucide-static"


def test_nothing_else_was_copied():
    named = {one["file"] for one in VENDORED} | {one["licence"] for one in VENDORED}

    assert {path.name for path in VENDOR.iterdir()} == named | {"VENDOR.toml"}


def test_the_sprite_has_every_icon_that_is_drawn_and_no_other():
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (VENDOR / "lucide.svg").read_text()))
    used = set()
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([a-z-]+)" %}', path.read_text()))
    source = (ROOT / "conversations/templatetags/inbox.py").read_text()
    used |= {name for name in drawn if f'"{name}"' in source}

    assert used == drawn
