"""The first steps of a real installation."""

import io
import json

import pytest
from django.core.management import BaseCommand, CommandError, call_command

from config import installation
from config.management.commands import setup
from tenants import context
from tenants.models import User
from whatsapp.webhooks.models import MetaApp
from whatsapp.webhooks.services import apps

ANSWERS = {
    "email": "root@balcao.example",
    "name": "Root",
    "password": "correct horse battery",
    "app_id": "4711",
    "app_secret": "0123456789abcdef0123456789abcdef",
    "verify_token": "a-token-of-mine",
}


@pytest.fixture
def run(db, monkeypatch, settings):
    """Run setup with JSON on standard input; return what it printed."""
    settings.PUBLIC_URL, settings.PUBLIC_HOST = "https://balcao.example", "balcao.example"
    settings.IS_TLS = True
    monkeypatch.setattr(installation, "_resolves", lambda name: True)

    def ran(answers: object) -> str:
        text = answers if isinstance(answers, str) else json.dumps(answers)
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        out = io.StringIO()
        with context.platform():
            call_command("setup", stdin=True, stdout=out, stderr=out)
        return out.getvalue()

    return ran


def root() -> User:
    with context.platform():
        return User.objects.get(email=ANSWERS["email"])


def app() -> MetaApp:
    with context.platform():
        return MetaApp.objects.get()


def test_the_first_super_admin_and_the_platforms_app_are_made(run):
    said = run(ANSWERS)

    assert root().is_superuser
    assert root().check_password(ANSWERS["password"])
    assert app().tenant is None
    assert apps.opened(app=app(), column="app_secret") == ANSWERS["app_secret"]
    assert "https://balcao.example/webhook/whatsapp/" in said
    assert ANSWERS["app_secret"] not in said
    assert ANSWERS["password"] not in said


def test_twice_is_once(run):
    run(ANSWERS)
    before = root(), app()

    said = run({**ANSWERS, "password": "another good password"})

    assert "already" in said
    assert root().check_password(ANSWERS["password"])
    assert app().app_secret_sealed == before[1].app_secret_sealed
    assert app().previous_secret_sealed == ""


def test_another_secret_is_a_rotation(run):
    run(ANSWERS)
    run({"app_id": "4711", "app_secret": "fedcba9876543210fedcba9876543210"})

    assert apps.opened(app=app(), column="app_secret").startswith("fedcba")
    assert app().previous_secret_sealed


def test_without_a_verify_token_one_is_made_and_shown_once(run):
    said = run({**ANSWERS, "verify_token": ""})
    token = apps.opened(app=app(), column="verify_token")

    assert token in said
    assert token not in run(ANSWERS | {"verify_token": ""})


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"password": "demo"}, "too short"),
        ({"email": "root"}, "no e-mail address"),
        ({"app_secret": "short"}, "16 printable characters"),
        ({"verify_token": "x"}, "16 printable characters"),
        ({"colour": "red"}, "Unknown: colour"),
        ({"app_id": 4711}, "object of texts"),
    ],
)
def test_a_bad_answer_changes_nothing(run, other, sentence):
    with pytest.raises(CommandError, match=sentence):
        run({**ANSWERS, **other})

    with context.platform():
        assert not User.objects.exists()
        assert not MetaApp.objects.exists()


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"'])
def test_nonsense_on_standard_input_is_a_sentence(run, text):
    with pytest.raises(CommandError, match="Standard input"):
        run(text)


def test_an_operator_does_not_become_super_admin_by_it(run, people):
    with pytest.raises(CommandError, match="no super-admin"):
        run({**ANSWERS, "email": "ana@acme.test"})


def test_another_app_does_not_replace_the_platforms(run, meta_app):
    with pytest.raises(CommandError, match="another Meta app"):
        run(ANSWERS)


def test_secrets_are_not_taken_from_the_command_line(db):
    def options(command: BaseCommand) -> set[str]:
        actions = command.create_parser("manage.py", "setup")._actions
        return {option for action in actions for option in action.option_strings}

    assert options(setup.Command()) - options(BaseCommand()) == {"--stdin"}


@pytest.mark.parametrize("key", ["short", "a" * 64, "django-insecure-0123456789abcdefghijk"])
def test_weak_keys_are_refused_first(run, settings, key):
    settings.SECRET_KEY = key
    with pytest.raises(CommandError, match="SECRET_KEY"):
        run(ANSWERS)


def test_the_demo_sets_itself_up(run, settings):
    settings.BALCAO_DEMO = True
    with pytest.raises(CommandError, match="demo"):
        run(ANSWERS)


def test_without_a_terminal_nobody_is_asked(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="--stdin"), context.platform():
        call_command("setup", stderr=io.StringIO())


def test_a_person_is_asked_for_what_is_missing(db, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = iter([ANSWERS["email"], ANSWERS["name"], ANSWERS["app_id"]])
    hidden = iter([ANSWERS["password"]] * 2 + [ANSWERS["app_secret"], ""])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda prompt: next(shown))
    monkeypatch.setattr(setup.getpass, "getpass", lambda prompt: next(hidden))

    for _ in range(2):  # the second time nothing is missing, and nobody is asked
        with context.platform():
            call_command("setup", stdout=io.StringIO(), stderr=io.StringIO())

    assert root().is_superuser
    assert app().app_id == ANSWERS["app_id"]


@pytest.mark.parametrize(
    ("url", "host", "tls", "resolves", "warning"),
    [
        ("http://balcao.example", "balcao.example", False, True, "https only"),
        ("https://localhost", "localhost", True, True, "this machine only"),
        ("https://192.0.2.7", "192.0.2.7", True, True, "no subdomains"),
        ("https://balcao.example", "balcao.example", True, False, "does not resolve"),
    ],
)
def test_an_address_that_will_not_work_is_named(
    db, settings, monkeypatch, url, host, tls, resolves, warning
):
    settings.PUBLIC_URL, settings.PUBLIC_HOST, settings.IS_TLS = url, host, tls
    monkeypatch.setattr(installation, "_resolves", lambda name: resolves)

    assert warning in " ".join(installation.domain_warnings())


def test_tenants_of_another_domain_are_named(acme, settings, monkeypatch):
    settings.PUBLIC_HOST = "balcao.example"
    monkeypatch.setattr(installation, "_resolves", lambda name: True)

    assert "did PUBLIC_URL change?" in " ".join(installation.domain_warnings())
