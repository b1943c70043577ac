"""What a run feels of those who watch it: twenty who read, ten who never read, and fifty tabs.

Runs with and without them take turns. Sixteen workers send a sample every 10 ms each; the table
has the samples a second, the share of a processor that the run takes, its memory at the end, and
the milliseconds from the last sample to its end.

`python -m tests.benchmarks.watchers`
"""

from gevent import monkey

monkey.patch_all()

import time
from contextlib import nullcontext
from functools import partial
from statistics import median

import psutil
from attrs import frozen

from rnd_actors import RunSettings, run
from rnd_actors.events import Event
from rnd_actors.web import listen, serve_live_run
from tests.benchmarks.crowd import crowd

SAMPLES = 15_000
TURNS = 5


@frozen
class Run:
    """The figures of one run."""

    rate_per_s: float
    processor: float
    megabytes: float
    end_ms: float


def measured(*, watched: bool) -> Run:
    settings = RunSettings(
        samples=SAMPLES, workers=16, base_port=0, worker_args=("-interval", "0.01")
    )
    me, concluded_at = psutil.Process(), 0.0
    before = me.cpu_times().user + me.cpu_times().system

    def note(event: Event) -> None:
        nonlocal concluded_at
        if getattr(event, "total", 0) == SAMPLES:
            concluded_at = time.perf_counter()

    with listen() as listener:
        control = partial(serve_live_run, listener=listener)
        with crowd(listener) if watched else nullcontext():
            result = run(settings, subscriber=note, control=control)
            ended_at = time.perf_counter()
    spent = me.cpu_times().user + me.cpu_times().system - before
    return Run(
        result.rate_per_s,
        spent / result.elapsed_s,
        me.memory_info().rss / 2**20,
        (ended_at - concluded_at) * 1000,
    )


def main() -> None:
    measured(watched=False)  # the first one imports things
    runs = [(measured(watched=False), measured(watched=True)) for _ in range(TURNS)]
    print("| run | samples/s | processor | memory | from the last sample to the end |")
    print("| --- | --- | --- | --- | --- |")
    for name, some in zip(("alone", "watched"), zip(*runs, strict=True), strict=True):
        print(
            f"| {name} | {median(each.rate_per_s for each in some):.1f} "
            f"| {median(each.processor for each in some):.0%} "
            f"| {max(each.megabytes for each in some):.0f} MB "
            f"| {median(each.end_ms for each in some):.0f} ms |"
        )


if __name__ == "__main__":
    main()
