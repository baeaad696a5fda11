"""Make the virtual environment that `make` works in: bootstrap.py demo|dev

Run by the system's Python, however old, before anything is installed: this file uses nothing but
the standard library, and a Python 3.6 can parse it.
"""

import importlib.util
import os
import shutil
import subprocess
import sys

OLDEST_PYTHON = (3, 11)
UV = "uv==0.13.9"
VENV = ".venv"
STAMPS = {"demo": ".runtime", "dev": ".dev"}
GROUPS = {"demo": ["--no-default-groups", "--group", "demo"], "dev": ["--all-groups"]}
REQUIREMENTS = {"demo": "requirements.txt", "dev": "tests/requirements.txt"}


def main() -> None:
    """Bring the environment up to the lock, and leave a stamp for `make`."""
    wanted = sys.argv[1]
    try:
        _check_python()
        _make_venv()
        if not (_install_uv() and _sync(wanted)):
            _install_with_pip(wanted)
    except OSError as error:
        sys.exit(f"The virtual environment {VENV} cannot be made: {error}.")
    with open(os.path.join(VENV, STAMPS[wanted]), "w"):  # noqa: PTH123, PTH118
        pass


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        here = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"Balcão needs Python 3.11 or newer, and {sys.executable} is Python {here}:"
            " name a newer one, as in `make PYTHON=python3.12 demo`."
        )
    if os.name != "posix":
        sys.exit("The demo and the tests need Linux, macOS, or WSL on Windows.")


def _make_venv() -> None:
    if _works():
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        sys.exit(
            "This Python cannot make virtual environments (it has no ensurepip):"
            " install it (Debian: apt-get install python3-venv) and run make again."
        )
    _say(f"making the virtual environment {VENV} with {sys.executable}")
    shutil.rmtree(VENV, ignore_errors=True)
    made = _run([sys.executable, "-m", "venv", VENV])
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(f"The virtual environment {VENV} cannot be made: {_last_line(made)}.")


def _works() -> bool:
    """Say whether there is an environment whose Python still runs, and is new enough."""
    check = f"import pip, sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return _run([_program("python"), "-c", check]).returncode == 0
    except OSError:
        return False


def _install_uv() -> bool:
    version = UV.partition("==")[2]
    try:
        if _run([_program("uv"), "--version"]).stdout.split()[1:2] == [version]:
            return True
    except OSError:
        pass
    _say(f"installing {UV}")
    command = [_program("python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", UV]
    return _run(command).returncode == 0


def _sync(wanted: str) -> bool:
    """Install what the lock says. Without --inexact, uv would remove itself.

    Compiled once here, every start is three times faster where PYTHONDONTWRITEBYTECODE is set.
    """
    _say(f"installing what uv.lock says for {wanted}")
    command = [_program("uv"), "sync", "--frozen", "--inexact", "--compile-bytecode"]
    command += GROUPS[wanted]
    home = os.path.expanduser("~")  # noqa: PTH111
    environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_PROJECT_ENVIRONMENT=VENV)
    environment.pop("VIRTUAL_ENV", None)
    if not os.access(home, os.W_OK):  # a user without a home
        environment.setdefault("UV_CACHE_DIR", os.path.join(VENV, ".cache"))  # noqa: PTH118
    synced = _run(command, env=environment)
    if synced.returncode:
        _say(f"uv: {_last_line(synced)}")
    return synced.returncode == 0


def _install_with_pip(wanted: str) -> None:
    _say(f"uv is not to be had: installing {REQUIREMENTS[wanted]} with pip, which takes longer")
    command = [_program("python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    installed = _run([*command, "-r", REQUIREMENTS[wanted]])
    if installed.returncode:
        sys.exit(f"The packages cannot be installed: {_last_line(installed)}.")


def _program(name: str) -> str:
    return os.path.join(VENV, "bin", name)  # noqa: PTH118


def _run(
    command: "list[str]", env: "dict[str, str] | None" = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _last_line(finished: "subprocess.CompletedProcess[str]") -> str:
    lines = [line.strip() for line in finished.stdout.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else f"exit code {finished.returncode}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
