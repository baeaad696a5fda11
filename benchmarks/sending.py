"""How evenly and how fast messages leave: `python -m benchmarks.sending --seconds 20`.

Starts PostgreSQL, Valkey, one worker and a Cloud API that answers after 100 ms, on this machine;
what left when is told by the far end. For comparison the same is sent by a task a message.
"""

import argparse
import json
import sys
import time
import urllib.request
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks import machine, report, stage
from benchmarks.far_end import Moment
from benchmarks.stage import Process, Stage
from config.demo import ports

LATENCY_SECONDS = 0.1
PER_NUMBER, TOGETHER, NUMBERS = 80, 400, 10
BULK, REPLIES = 100_000, 10
OFF_PERCENT, ABOVE_PERCENT, REPLY_SECONDS = 5.0, 10.0, 2.0
NAIVE_MESSAGES = 600
QUEUES = "urgent,webhooks,send,bulk,media,hooks,default"
WORKER = f"-m celery -A config worker -P threads -c 12 -Q {QUEUES} --without-gossip"
WORKER += " --without-mingle --without-heartbeat -l WARNING"
WORKER_START_SECONDS = 6.0
HEADINGS = (
    *("sending", "set/s", "messages/s", "off %", "most in a second", "above %"),
    *("worker CPU us/message", "PSS MiB"),
)


def main() -> int:
    """Measure, print, and return 1 if a promise was not kept."""
    options = _options()
    table, gates = report.Table(HEADINGS), report.Gates()
    with stage.installation() as on, ExitStack() as running:
        print(machine.describe(on.folder, on.database_url), end="\n\n", flush=True)
        port = ports.free()
        on.env["GRAPH_API_URL"] = f"http://127.0.0.1:{port}"
        far_end = ("-m", "benchmarks.far_end", str(port), str(LATENCY_SECONDS))
        running.enter_context(on.process("far end", *far_end, port=port))
        naive = _naive(on, port)
        worker = running.enter_context(on.process("worker", *WORKER.split()))
        time.sleep(WORKER_START_SECONDS)
        one = _paced(on, worker, port, table, gates, "one number", 1, PER_NUMBER, options.seconds)
        many = _paced(
            on, worker, port, table, gates, "ten numbers", NUMBERS, TOGETHER, options.seconds
        )
        _behind_bulk(on, port, gates, options.bulk)
    print(table, end="\n\n")
    print(f"a task a message: {naive:,.0f} messages/s, whatever the pace")
    print(f"one number : a task a message = {report.ratio(one, naive)}")
    print(f"ten numbers : a task a message = {report.ratio(many, naive)}")
    return 1 if gates.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each pace (20)")
    parser.add_argument(
        "--bulk", type=int, default=BULK, help="people on the broadcast's list (100,000)"
    )
    return parser.parse_args()


def _naive(on: Stage, port: int) -> float:
    on.run("-m", "benchmarks.outbox", "fill", "1", str(NAIVE_MESSAGES), "0")
    done = json.loads(on.run("-m", "benchmarks.outbox", "naive"))
    _moments(port)
    rate: float = done["count"] / done["seconds"]
    return rate


def _paced(
    on: Stage,
    worker: Process,
    port: int,
    table: report.Table,
    gates: report.Gates,
    name: str,
    numbers: int,
    per_second: int,
    seconds: float,
) -> float:
    """Let numbers send for a while; return how many messages left a second."""
    on.run("-m", "benchmarks.outbox", "plan", str(per_second if numbers > 1 else 0))
    each = round(per_second * (seconds + 4) / numbers)
    on.run("-m", "benchmarks.outbox", "fill", str(numbers), str(each), "0")
    time.sleep(2)  # what is slow at the start is no pace
    _moments(port)
    cpu = worker.cpu_seconds()
    time.sleep(seconds)
    cpu = worker.cpu_seconds() - cpu
    left = sorted(at for at, _number, _word in _moments(port))
    rate = (len(left) - 1) / (left[-1] - left[0]) if len(left) > 1 else 0.0
    most = _most_in_a_second(left)
    off = abs(rate / per_second - 1) * 100
    above = (most / per_second - 1) * 100
    table.add(
        *(name, per_second, rate, off, most, above),
        *(cpu / max(len(left), 1) * 1e6, worker.pss_mib()),
    )
    gates.below(f"{name}, off the pace of {per_second}/s in %", off, OFF_PERCENT)
    gates.below(f"{name}, above it in a sliding second in %", above, ABOVE_PERCENT + 0.01)
    _empty(on, port)
    return rate


def _behind_bulk(on: Stage, port: int, gates: report.Gates, bulk: int) -> None:
    """Queue replies while a broadcast runs, and see when each one leaves."""
    on.run("-m", "benchmarks.outbox", "plan", "0")
    on.run("-m", "benchmarks.outbox", "broadcast", str(bulk))
    time.sleep(2)
    began = dict(
        json.loads(on.run("-m", "benchmarks.outbox", "reply"))[::-1] for _ in range(REPLIES)
    )
    time.sleep(3)
    left = {word: at for at, _number, word in _moments(port)}
    waited = [left.get(word, float("inf")) - at for word, at in began.items()]
    others = len(left) - len(waited)
    print(f"{REPLIES} replies behind a broadcast to {bulk:,}, of which {others:,} left meanwhile")
    gates.below("the slowest reply behind them in s", max(waited), REPLY_SECONDS)


def _moments(port: int) -> list[Moment]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return [tuple(one) for one in json.load(answer)]


def _empty(on: Stage, port: int) -> None:
    on.run("-m", "benchmarks.outbox", "fill", "0", "0", "0")
    time.sleep(1.0)
    _moments(port)


def _most_in_a_second(times: Sequence[float]) -> int:
    return max((bisect_left(times, at + 1.0) - place for place, at in enumerate(times)), default=0)


if __name__ == "__main__":
    sys.exit(main())
