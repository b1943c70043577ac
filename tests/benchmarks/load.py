"""Heavy runs, and whether the loop, the memory and the descriptors bear them.

`python -m tests.benchmarks.load` does them all, each in a process of its own, in some eight
minutes, and prints a table for a page; `python -m tests.benchmarks.load "500 workers, 1 line/s"`
does the one of that name. The lag of the loop is how much later than asked a greenlet wakes up that
sleeps 10 ms at a time.
"""

from gevent import monkey

monkey.patch_all()

import json
import logging
import os
import subprocess
import sys
import time
from array import array
from pathlib import Path
from typing import Any, Final

import gevent
from attrs import define, evolve, field, frozen

from rnd_actors import Collector, FixedTime, RunSettings, run

__all__ = ["LOADS", "Load", "bear"]

_TICK_S: Final = 0.01
_EVERY: Final = 50
"""Ticks from one look at memory and descriptors to the next."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_VALUE: Final = 8
"""Bytes that a run keeps of each sample: a pointer to a number that Python has anyhow."""


@frozen
class Load:
    """A run that is a burden."""

    settings: RunSettings
    seconds: float | None = None
    """How long it collects; None: until it has its samples."""

    @property
    def collector(self) -> Collector | None:
        """What it collects."""
        return None if self.seconds is None else FixedTime(self.seconds)


_BASE: Final = RunSettings(base_port=0, start_timeout=60.0, stall_timeout=30.0)
LOADS: Final = {
    "500 workers, 1 line/s": Load(evolve(_BASE, workers=500), seconds=60.0),
    "1,000 workers, 1 line/s": Load(evolve(_BASE, workers=1000), seconds=60.0),
    "8 workers at full speed": Load(
        evolve(_BASE, workers=8, worker_args=("-interval", "0")), seconds=180.0
    ),
    "10^7 samples, 100 lines a chunk": Load(
        evolve(
            _BASE,
            workers=8,
            samples=10**7,
            worker_args=("-interval", "0", "-lines-per-chunk", "100"),
        )
    ),
}


@define
class _Watch:
    """Ticks, and looks at the process now and then."""

    lags: "array[float]" = field(factory=lambda: array("d"))
    memory: list[tuple[float, float]] = field(factory=list)
    """Seconds from the start, and bytes."""
    descriptors: list[int] = field(factory=list)
    began: float = field(factory=time.monotonic)

    def tick(self) -> None:
        """Tick until the greenlet is killed."""
        due = time.monotonic() + _TICK_S
        while True:
            gevent.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            self.lags.append(now - due)
            due = now + _TICK_S
            if len(self.lags) % _EVERY == 0:
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                self.memory.append((now - self.began, float(pages * _PAGE)))
                self.descriptors.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208


def bear(name: str) -> dict[str, Any]:
    """Do the run of this name in this process; return its figures."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    load, watch = LOADS[name], _Watch()
    ticking = gevent.spawn(watch.tick)
    result = run(load.settings, load.collector)
    ticking.kill()
    lags = sorted(watch.lags)
    early = [each for each in watch.memory if each[0] >= watch.memory[-1][0] / 4]
    (began_s, first), (ended_s, last) = early[0], early[-1]
    collected = result.samples * (ended_s - began_s) / watch.memory[-1][0]
    return {
        "samples": result.samples,
        "seconds": result.elapsed_s,
        "restarts": result.restarts,
        "lag_p50": lags[len(lags) // 2],
        "lag_p99": lags[len(lags) * 99 // 100],
        "lag_most": lags[-1],
        "growth": last - first - collected * _VALUE,
        "memory": last,
        "descriptors": [watch.descriptors[len(watch.descriptors) // 4], watch.descriptors[-1]],
    }


def main() -> None:
    """Do all runs, or the one that is named, and print what they took."""
    chosen = sys.argv[1:] or list(LOADS)
    print(
        "| run | samples | a second | loop lag, ms: median | p99 | most | MiB at the end |", end=""
    )
    print(" MiB more than after a quarter, values left out | descriptors then and at the end |")
    print(f"| --- {'| ---: ' * 8}|")
    for name in chosen:
        code = f"import json, {__package__}.load as load; print(json.dumps(load.bear({name!r})))"
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
        )
        _print_row(name, json.loads(done.stdout))


def _print_row(name: str, got: dict[str, Any]) -> None:
    lags = " | ".join(f"{got[key] * 1000:.1f}" for key in ("lag_p50", "lag_p99", "lag_most"))
    memory = f"{got['memory'] / 2**20:.0f} | {got['growth'] / 2**20:+.1f}"
    first, last = got["descriptors"]
    speed = got["samples"] / got["seconds"]
    print(
        f"| {name} | {got['samples']:,} | {speed:,.0f} | {lags} | {memory} | {first}, {last} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
