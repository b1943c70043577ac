"""What it costs the driver to show a run over a cluster, by all that shows one.

`python -m tests.benchmarks.cluster.faces WORKERS` has a run with so many workers on 100 hosts,
which are simulated as in `capacity`, and measures the processor time of one look each. Each worker
sends a number in 20 s, so that the looks have the processor for themselves.
"""

from gevent import monkey

monkey.patch_all()

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any, Final
from unittest.mock import patch

import gevent
from rich.console import Console

from rnd_actors import FixedTime, RunSettings, run
from rnd_actors.cli._control_views import status_view
from rnd_actors.cli._live import draw_live_view
from rnd_actors.cli._views import summary
from rnd_actors.collectors import Autoscaling, SampleCount
from rnd_actors.control import RunOperations
from rnd_actors.metrics import Metrics
from rnd_actors.running import LiveRun, Progress
from rnd_actors.scaling import DeadlinePolicy

__all__ = ["main"]

_PATIENCE_S: Final = 600.0
_LOOKS: Final = 3


def main(workers: int) -> None:
    """Print a row for each thing that shows the run."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    settings = RunSettings(
        cluster="tcp://simulated:8786",
        hosts=100,
        workers=workers,
        base_port=20_000,
        start_timeout=_PATIENCE_S,
        stall_timeout=_PATIENCE_S,
    )

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        looking = gevent.spawn(_look, live, workers)
        yield
        looking.get()

    os.environ["RND_ACTORS_INTERVAL_S"] = "20"
    command = sys.executable, "-m", f"{__package__}.simulated_bridge"
    with patch("rnd_actors.cluster._bridge_process.BRIDGE", command):
        result = run(settings, FixedTime(36_000.0), control=control)
    _print("result on a terminal", lambda: _printed(summary(result)))
    _print("result as JSON", result.to_json)


def _look(live: LiveRun, workers: int) -> None:
    progress = Progress(None, workers)
    live.system.events.subscribe(progress)
    operations, metrics = RunOperations(live), Metrics(live.system, live)
    try:
        with gevent.Timeout(_PATIENCE_S):
            while live.collection.streaming < workers:
                gevent.sleep(0.5)
        for width, height in ((80, 24), (200, 50)):
            view = lambda: _printed(draw_live_view(progress, width, height), width, height)  # noqa: E731, B023
            _print(f"live view, {width}x{height}", view)
        _print("a line of progress", lambda: str(progress.report()))
        _print("status --json", lambda: json.dumps(operations.status()))
        _print("status", lambda: _printed(status_view(operations.status())))
        _print("snapshot of the page", lambda: json.dumps(operations.snapshots.take()))
        _print("/metrics", metrics.text)
        _print("tree", lambda: str(live.system.tree()))
        _print("counts for a store", lambda: repr(live.collection.counts()))
        autoscaling = Autoscaling(DeadlinePolicy())
        live.collection.deadline_s = 36_000.0
        _print("a decision", lambda: str(autoscaling.decide(live.collection, SampleCount(10**9))))
    finally:
        live.interrupted.set()


def _printed(view: Any, width: int = 80, height: int = 24) -> str:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def _print(what: str, look: Callable[[], str | bytes]) -> None:
    took_s = []
    for _ in range(_LOOKS):
        began = time.thread_time()
        shown = look()
        took_s.append(time.thread_time() - began)
    print(f"| {what} | {min(took_s) * 1000:.0f} ms | {len(shown) / 1000:,.0f} kB |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
