"""What a person without the right Python sees, and that pip installs what the lock says."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from config.demo import bootstrap

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["manage.py", "config/demo/bootstrap.py"])
def test_an_old_python_can_parse_it(name: str) -> None:
    ast.parse((PROJECT / name).read_text(), feature_version=(3, 6))


def test_an_old_python_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (99, 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, and .* is Python"):
        bootstrap._check_python()


def test_a_python_without_ensurepip_gets_a_sentence(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="python3-venv"):
        bootstrap._make_venv()


def test_the_groups_and_stamps_are_those_of_the_makefile() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for wanted, stamp in bootstrap.STAMPS.items():
        assert f"$(VENV)/{stamp}: uv.lock $(BOOTSTRAP)" in makefile
        assert f"$(BOOTSTRAP) {wanted}" in makefile
    assert f"VENV = {bootstrap.VENV}\n" in makefile


def test_manage_py_without_settings_gets_a_sentence() -> None:
    command = [sys.executable, "manage.py", "check"]
    ended = subprocess.run(
        command, cwd=PROJECT, env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The settings are not complete: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", bootstrap.REQUIREMENTS.values())
def test_the_requirements_are_those_of_the_lock(name: str) -> None:
    """Renew them with `make lock`."""
    lock = tomllib.loads((PROJECT / "uv.lock").read_text())
    locked = {(package["name"], package.get("version")) for package in lock["package"]}
    text = (PROJECT / name).read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]+\])?==([^ ;\\]+)", text, re.MULTILINE))
    assert pinned
    assert pinned <= locked
    assert "://" not in text, "a requirement names a host"
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=[a-z])", text, flags=re.M)[1:])


def test_all_that_the_lock_needs_is_in_the_requirements() -> None:
    lock = tomllib.loads((PROJECT / "uv.lock").read_text())
    project = next(package for package in lock["package"] if package["name"] == "balcao")
    wanted = {
        "requirements.txt": [*project["dependencies"], *project["dev-dependencies"]["demo"]],
        "tests/requirements.txt": project["dev-dependencies"]["dev"],
    }
    for name, packages in wanted.items():
        text = (PROJECT / name).read_text()
        missing = [
            package["name"]
            for package in packages
            if not re.search(rf"^{package['name']}(\[[^]]+\])?==", text, re.MULTILINE)
        ]
        assert not missing, f"{name}: run `make lock`"
