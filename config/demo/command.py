"""`manage.py demo`: start everything, say where it is, watch it, and leave nothing behind."""

import argparse
import os
import sys
import time
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.demo import (
    environment,
    folder,
    ports,
    process,
    readiness,
    services,
    signals,
    supervisor,
    terminal,
)
from config.demo.errors import DemoError
from config.demo.terminal import say, step

PROJECT = Path(__file__).resolve().parents[2]
MADE_HERE = ("demo.json", "simulator.json", environment.SECRETS, environment.MAIL, "logs", "files")
TICK_SECONDS = 0.2
# A call to Meta that is under way gets its answer: compose gives as much.
GRACE_SECONDS = 45.0
CELERY = "-P threads -c 12 -Q urgent,webhooks,send,bulk,media,hooks,default -l WARNING"
CELERY += " --without-gossip --without-mingle --without-heartbeat"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    port: int
    simulator_port: int
    data: Path
    reset: bool
    browser: bool

    @property
    def logs(self) -> Path:
        """Return the folder of the processes' logs."""
        return self.data / "logs"


def main(argv: Sequence[str]) -> int:
    """Run the demo until someone ends it; return the exit code. Wrong arguments end with 2."""
    options = parse(argv)
    stop = signals.StopSignals()
    stop.listen()
    try:
        _run(options, stop)
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except signals.StopRequested:
        return 0
    return 0


def parse(argv: Sequence[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="manage.py demo", description=__doc__)
    parser.add_argument("--port", type=_port, default=8000, help="of the pages (8000)")
    parser.add_argument("--simulator-port", type=_port, help="of Meta's stand-in (PORT + 100)")
    parser.add_argument("--data", type=Path, default=PROJECT / ".data", help="folder (.data)")
    parser.add_argument("--reset", action="store_true", help="forget the data of earlier starts")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parsed = parser.parse_args(argv)
    simulator_port = parsed.simulator_port or parsed.port + 100
    if simulator_port == parsed.port or simulator_port > 65535:
        parser.error("the simulator needs a port of its own: choose it with --simulator-port")
    return Options(
        port=parsed.port,
        simulator_port=simulator_port,
        data=parsed.data.resolve(),
        reset=parsed.reset,
        browser=not parsed.no_browser,
    )


def _run(options: Options, stop: signals.StopSignals) -> None:
    user = f"a demo at http://localhost:{options.port} (process {os.getpid()})"
    claim = folder.claim(options.data, user=user)
    running: services.Services | None = None
    closed = terminal.hangup()
    watch = supervisor.Supervisor(say, restarted=lambda: running.record() if running else None)
    try:
        _make_room(options)
        running = _start_services(options, user)
        env = _environment(options, running)
        _prepare(options, env)
        watch.start(children(options, env), now=time.monotonic())
        watch.adopt(running.children, now=time.monotonic())
        with step("starting web, worker, sweeper and simulator"):
            _wait_until_ready(options, watch, running.redis_url)
        _present(options)
        while not closed():
            time.sleep(TICK_SECONDS)
            watch.tick(time.monotonic())
    finally:
        stop.stopping()
        if watch.children():
            say("Ending everything; another Ctrl-C hurries.")
        watch.stop(hurry=stop.hurried)
        if running:
            running.stop()
        claim.release()
        say("Everything has ended; the data is kept." if running else "")


def _start_services(options: Options, user: str) -> services.Services:
    missing = []
    for variable, service in (("DATABASE_URL", "PostgreSQL"), ("REDIS_URL", "Valkey")):
        if url := os.environ.get(variable):
            say(f"  using your {variable} at {environment.place(url)}")
        else:
            missing.append(service)
    root = options.data / "services"
    if not missing:
        return services.start(root, user=user)
    with step(f"starting {' and '.join(missing)}"):
        return services.start(root, user=user)


def _make_room(options: Options) -> None:
    ports.check(options.port, "--port")
    ports.check(options.simulator_port, "--simulator-port")
    if options.reset:
        with step(f"forgetting what {options.data} holds"):
            services.remove(options.data / "services")
            for name in MADE_HERE:
                if name != environment.SECRETS or not os.environ.get("DATABASE_URL"):
                    folder.remove(options.data / name)  # your own database needs its keys again


def _environment(options: Options, running: services.Services) -> dict[str, str]:
    return environment.build(
        options.data,
        port=options.port,
        simulator_port=options.simulator_port,
        services=running,
    )


def _prepare(options: Options, env: Mapping[str, str]) -> None:
    for what, command in (
        ("migrating the database", "migrate_schemas"),
        ("furnishing acme and globex", "seed_demo"),
    ):
        with step(what):
            log = options.logs / f"{command}.log"
            argv = [sys.executable, str(PROJECT / "manage.py"), command]
            if process.run(argv, log=log, env=env, cwd=PROJECT) != 0:
                raise readiness.NotReadyError(f"{what.capitalize()} failed: see {log}.")


def children(options: Options, env: Mapping[str, str]) -> list[process.Child]:
    """Describe the processes, in the order in which they are stopped again."""
    manage = str(PROJECT / "manage.py")
    daphne = f"-m daphne -b 127.0.0.1 -p {options.port} -v 0 config.asgi:application"
    commands = {
        "web": daphne.split(),
        "worker": f"-m celery -A config worker {CELERY}".split(),
        "sweeper": [manage, "sweeper"],
        "simulator": [manage, "simulator"],
    }
    return [
        process.Child(
            name=name,
            argv=[sys.executable, *arguments],
            log=options.logs / f"{name}.log",
            env=env,
            cwd=PROJECT,
            grace_seconds=GRACE_SECONDS,
        )
        for name, arguments in commands.items()
    ]


def _wait_until_ready(options: Options, watch: supervisor.Supervisor, redis_url: str) -> None:
    readiness.wait(
        watch,
        {
            "web": lambda: readiness.answers(options.port, "/health/ready"),
            "simulator": lambda: readiness.answers(options.simulator_port, "/", below=500),
            "worker": lambda: readiness.queue_is_served(redis_url),
        },
    )


def _present(options: Options) -> None:
    demo = folder.read_private(options.data / "demo.json")
    tenants: dict[str, dict[str, Any]] = demo.get("tenants", {})
    say()
    for name, tenant in tenants.items():
        say(f"  {name:<10} {tenant['url']}")
    say(f"  {'console':<10} http://localhost:{options.port}/admin/")
    say(f"  {'customers':<10} http://127.0.0.1:{options.simulator_port}/ (their phones, simulated)")
    say()
    for user in demo.get("users", []):
        say(f"  {user['email']:<22} {user['password']:<6} {user['role'].lower()}")
    say(f"\n  e-mails are files in {options.data / environment.MAIL}")
    say(f"  logs in {options.logs}; Ctrl-C ends everything\n")
    if options.browser and _has_display() and tenants:
        webbrowser.open(next(iter(tenants.values()))["url"])
    say("BALCAO ready")


def _has_display() -> bool:
    if not sys.stdout.isatty():
        return False
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)
