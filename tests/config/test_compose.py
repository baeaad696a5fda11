"""The compose file, as far as it can be checked without an engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.demo import bootstrap

PROJECT = Path(__file__).resolve().parents[2]
FILE = PROJECT / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text())
SERVICES = COMPOSE["services"]
OURS = ("web", "live", "ingest", "worker", "sweeper", "migrate")
# One ends when its work is done; the other ends when it cannot work.
WITHOUT_HEALTHCHECK = {"migrate", "sweeper"}


def test_it_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, FILE], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", OURS)
def test_each_process_of_ours_is_a_service(name: str) -> None:
    service = SERVICES[name]
    assert service["image"] == "balcao"
    assert service["stop_grace_period"] == "45s"
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["depends_on"]["postgres"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_watched(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) == (name not in WITHOUT_HEALTHCHECK)


def test_no_secret_has_a_default() -> None:
    for name in ("SECRET_KEY", "FIELD_KEYS", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}(.*?)\}}", FILE.read_text())
        assert uses and set(uses) == {":?"}


def test_the_data_is_kept_where_the_images_keep_it() -> None:
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert SERVICES["valkey"]["image"] == "valkey/valkey:9"
    assert SERVICES["valkey"]["volumes"] == ["valkey:/data"]
    assert "maxmemory-policy noeviction" in COMPOSE["configs"]["valkey"]["content"]


def test_only_the_proxy_is_reachable_and_at_first_from_this_machine_alone() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["${BIND:-127.0.0.1:8000}:80"]


def test_every_variable_is_one_that_the_settings_read() -> None:
    example = (PROJECT / ".env.example").read_text()
    documented = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert COMPOSE["x-app"]["environment"].keys() <= documented


def test_the_commands_name_modules_that_exist() -> None:
    text = FILE.read_text() + (PROJECT / "Dockerfile").read_text()
    modules = set(re.findall(r"(config\.\w+):application", text))
    assert modules == {"config.wsgi", "config.asgi", "config.ingest"}
    for module in modules:
        assert (PROJECT / module.replace(".", "/")).with_suffix(".py").exists()


def test_the_image_is_built_from_the_lock_by_the_same_tool() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert f"install --no-cache-dir {bootstrap.UV}\n" in dockerfile
    assert "uv sync --frozen --no-default-groups" in dockerfile
    assert re.search(r"^USER balcao$", dockerfile, re.MULTILINE)


def test_the_image_holds_what_the_product_needs_and_no_more() -> None:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    kept = {line.strip("!/") for line in lines if line.startswith("!")}
    assert all((PROJECT / name).exists() for name in kept)
    assert not kept & {"tests", "docs", "benchmarks", ".git", ".env", ".data"}


def test_the_proxy_sends_each_path_to_its_process() -> None:
    text = (PROJECT / "deploy/nginx.conf.template").read_text()
    assert "client_max_body_size 4m;" in text
    routes = dict(re.findall(r"location (\S+) \{\s*proxy_pass http://(\w+);", text))
    assert routes == {
        "/": "web",
        "/ws/": "live",
        "/webhook/": "ingest",
        "/api/v1/webhook/": "ingest",
    }


@pytest.mark.parametrize(
    ("path", "is_secret"),
    [
        ("/support/enter", True),
        ("/invitation/abc", True),
        ("/password/abc", True),
        ("/support/over", False),
        ("/inbox/", False),
    ],
)
def test_the_proxy_writes_no_link_down_that_lets_somebody_in(path: str, is_secret: bool) -> None:
    text = (PROJECT / "deploy/nginx.conf.template").read_text()
    found = re.search(r"location ~ (\S+) \{\s*access_log off;\s*proxy_pass http://web;", text)

    assert found is not None
    assert bool(re.search(found[1], path)) is is_secret


def test_who_has_somebody_waiting_waits_less_for_the_database() -> None:
    def seconds(name: str) -> int:
        return SERVICES[name]["environment"]["DATABASE_STATEMENT_TIMEOUT_SECONDS"]

    assert {name: seconds(name) for name in ("web", "live", "worker", "sweeper")} == {
        "web": 5,
        "live": 5,
        "worker": 60,
        "sweeper": 60,
    }
    assert "DATABASE_STATEMENT_TIMEOUT_SECONDS" not in SERVICES["migrate"]["environment"]


def test_a_worker_is_asked_to_end_and_not_broken_off() -> None:
    """Cold shutdown would leave what is on its way to Meta without an answer."""
    assert "REMAP_SIGTERM" not in SERVICES["worker"]["environment"]
