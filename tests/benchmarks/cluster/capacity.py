"""How many hosts and workers one scheduler and one driver bear.

One table is of hosts: the scheduler is Dask's, the run has its driver and its bridge, and
each host a real relay with connections of its own; only the shards are simulated, whose workers
need neither HTTP nor processes. The other one is of workers: there the bridge is simulated, too,
so that the driver has the machine for itself. Each worker sends a number a second. *Machine* is how
busy all its processors were: close to 100 %, fewer messages were sent than wanted, and times are
those of a machine that is too small.

`python -m tests.benchmarks.cluster.capacity` takes all steps; `… capacity hosts HOSTS WORKERS` or
`… capacity workers HOSTS WORKERS` takes one.
"""

from gevent import monkey

monkey.patch_all()

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import patch

import attrs

from rnd_actors import RunSettings
from rnd_actors.cluster._placement import Placement
from tests.benchmarks.cluster.run import Seen, address_in, seen

__all__ = ["main"]

HOSTS: Final = ((3, 30), (10, 100), (30, 300), (60, 600), (100, 1000), (30, 10_000))
WORKERS: Final = ((100, 1000), (100, 3000), (100, 10_000))
PLACED: Final = (100, 1000)
_AT_ONCE: Final = 25
"""Hosts that share a process."""
_PATIENCE_S: Final = 120.0


def main() -> None:
    """Measure all, and print both tables: the one with the memory of this process first."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    _print_workers(WORKERS)
    print()
    _print_hosts(HOSTS)
    print()
    for shards in PLACED:
        print(f"placing {shards} shards on as many hosts takes {_placing_s(shards) * 1000:.0f} ms")


def _print_hosts(steps: tuple[tuple[int, int], ...]) -> None:
    print(
        "| hosts | workers | samples/s | on their way, ms: median | p99 | put/s | taken/s "
        "| others/s | scheduler | bridge | driver | hosts | machine | all shards up, s |"
    )
    print(f"|{' ---: |' * 14}")
    for hosts, workers in steps:
        with _scheduler() as (address, counts), _simulated_hosts(address, hosts):
            got = seen(_settings(address, hosts, workers))
            messages = " | ".join(f"{number:,.0f}" for number in _messages(counts, got))
        roles = ("scheduler", "bridge", "driver", "simulated hosts")
        shares = " | ".join(f"{got.shares[role].processor:.0%}" for role in roles)
        print(
            f"| {hosts} | {workers:,} | {_samples(got)} | {messages} | {shares} "
            f"| {got.machine:.0%} | {got.up_s:.1f} |",
            flush=True,
        )


def _print_workers(steps: tuple[tuple[int, int], ...]) -> None:
    print(
        "| shards | workers | samples/s | on their way, ms: median | p99 | driver | driver, MB "
        "| machine | all stream, s |"
    )
    print(f"|{' ---: |' * 9}")
    command = sys.executable, "-m", f"{__package__}.simulated_bridge"
    for shards, workers in steps:
        with patch("rnd_actors.cluster._bridge_process.BRIDGE", command):
            got = seen(_settings("simulated", shards, workers))
        driver = got.shares["driver"]
        print(
            f"| {shards} | {workers:,} | {_samples(got)} | {driver.processor:.0%} "
            f"| {driver.megabytes:.0f} | {got.machine:.0%} | {got.streaming_s:.1f} |",
            flush=True,
        )


def _settings(cluster: str, hosts: int, workers: int) -> RunSettings:
    """Return those of a run with that many workers, even more than a run may have."""
    with attrs.validators.disabled():
        return RunSettings(
            cluster=cluster,
            hosts=hosts,
            workers=workers,
            base_port=20_000,
            start_timeout=_PATIENCE_S,
            stall_timeout=_PATIENCE_S,
        )


def _samples(got: Seen) -> str:
    delays = quantiles(got.delays_s, n=100)
    median, most = (f"{delays[percent - 1] * 1000:.0f}" for percent in (50, 99))
    return f"{got.samples_per_s:,.0f} | {median} | {most}"


def _messages(counts: Path, got: Seen) -> list[float]:
    """Return what the scheduler did in a second: put into queues, took from them, and all else."""
    lines = [[*map(float, line.split())] for line in counts.read_text().splitlines()]
    during = [line for line in lines if got.began <= line[0] <= got.ended]
    seconds, *counted = (late - early for early, late in zip(during[0], during[-1], strict=True))
    return [count / seconds for count in counted]


@contextmanager
def _scheduler() -> Iterator[tuple[str, Path]]:
    """Have a scheduler that counts its messages; give its address, and the file with the counts."""
    with TemporaryDirectory(prefix="rnd-actors-") as folder:
        counts, file = Path(folder, "counts"), Path(folder, "scheduler.json")
        options = "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file
        command = [sys.executable, "-m", "dask", "scheduler", *map(str, options)]
        preload = ["--preload", f"{__package__}.counting"]
        environment = {**os.environ, "RND_ACTORS_COUNTS": str(counts)}
        silence = subprocess.DEVNULL
        with subprocess.Popen([*command, *preload], env=environment, stderr=silence) as process:
            try:
                yield address_in(file), counts
            finally:
                process.kill()


@contextmanager
def _simulated_hosts(address: str, number: int) -> Iterator[None]:
    with ExitStack() as stack:
        for first in range(1, number + 1, _AT_ONCE):
            count = min(_AT_ONCE, number + 1 - first)
            module = f"{__package__}.simulated_hosts"
            command = [sys.executable, "-m", module, address, str(first), str(count)]
            process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE))
            stack.callback(process.stdin.close)  # type: ignore[union-attr]  # it is a pipe
        yield


def _placing_s(number: int) -> float:
    """Return the seconds to find a host for each of so many shards."""
    placement = Placement.of(number, 0.0)
    for host in range(number):
        placement.joined(f"tcp://10.0.{host // 250}.{host % 250}:4000")
    began = time.perf_counter()
    assert len(placement.place(0.0)) == number
    return time.perf_counter() - began


if __name__ == "__main__":
    if sys.argv[1:]:
        table = {"hosts": _print_hosts, "workers": _print_workers}[sys.argv[1]]
        table(((int(sys.argv[2]), int(sys.argv[3])),))
    else:
        main()
