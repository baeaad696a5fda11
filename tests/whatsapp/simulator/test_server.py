"""Where the simulator listens, how it starts and how it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from tests.whatsapp.simulator.conftest import PATIENCE_SECONDS, config_for, wait_until
from whatsapp.simulator import Config, ConfigError, Simulator

ROOT = Path(__file__).parents[3]
HERE = "http://127.0.0.1:9/webhook"


def test_it_listens_on_loopback_and_nowhere_else(sim):
    own_addresses = {
        info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    } | {"127.0.0.2"}

    assert sim.url == f"http://127.0.0.1:{sim.port}"
    for address in own_addresses - {"127.0.0.1"}:
        with pytest.raises(OSError):  # noqa: PT011 (which one differs by system)
            socket.create_connection((address, sim.port), timeout=5).close()


def test_no_configuration_can_name_another_address():
    config = Config.parse(config_for(HERE, host="0.0.0.0", bind="0.0.0.0"))

    with Simulator(config).running() as simulator:
        assert simulator.url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        simulator = Simulator(Config.parse(config_for(HERE, port=port)))

        with pytest.raises(ConfigError, match=f"Port {port}"), simulator.running():
            pass


def test_it_ends_while_a_webhook_hangs_and_an_answer_stays_away():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        with Simulator(Config.parse(config_for(url))).running() as simulator:
            simulator.inbound(phone_number_id="106540352242922", sender="5511987654321", text="Oi")
            wait_until(lambda: simulator.webhooks()["attempts"])
            port = simulator.port

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_command_wants_a_configuration(monkeypatch):
    monkeypatch.delenv("BALCAO_SIMULATOR_CONFIG", raising=False)

    with pytest.raises(CommandError, match="BALCAO_SIMULATOR_CONFIG"):
        call_command("simulator")


def test_the_command_says_what_is_wrong(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("simulator", config=str(tmp_path / "none.json"))


@pytest.mark.e2e
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_the_command_serves_until_a_signal(tmp_path, end):
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(config_for(HERE)))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "simulator"],
        cwd=ROOT,
        env={**os.environ, "BALCAO_SIMULATOR_CONFIG": str(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = urlsplit(process.stdout.readline().split()[-1]).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        connection.request("GET", "/simulator/health")
        assert json.load(connection.getresponse())["status"] == "ok"
        connection.close()
        process.send_signal(end)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode in {0, -end}
    assert "Traceback" not in errors
