"""What a run over three hosts takes that a run on one machine does not.

Scheduler, hosts and workers share this machine with the driver: what the hosts take is missing to
the others, so that at full speed a cluster of three machines is faster than this one. The workers
are those of the other benchmarks, compiled.

`python -m tests.benchmarks.cluster.figures` takes all tables; `… figures processes`, `… figures
time` or `… figures speed` takes one.
"""

from gevent import monkey

monkey.patch_all()

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve

from rnd_actors import RunSettings, run
from tests.benchmarks.cluster.run import local_cluster, seen
from tests.benchmarks.results import spread
from tests.benchmarks.tool.compiled import worker

__all__ = ["main"]

HOSTS: Final = 3
ROUNDS: Final = 3
SPEEDS: Final = {1: 300_000, 100: 3_000_000}
"""Lines in each chunk of a worker at full speed, and samples of such a run."""
RATE: Final = 3_000
WORKERS: Final = 16


def main(tables: list[str] | None = None) -> None:
    """Print the tables with these names, or all."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    every = {"processes": _print_processes, "time": _print_time, "speed": _print_speed}
    settings = RunSettings(worker=worker(), workers=WORKERS, base_port=0)
    with local_cluster(HOSTS) as address:
        for name in tables or every:
            every[name](settings, evolve(settings, cluster=address))
            print()


def _print_processes(*places: RunSettings) -> None:
    print(f"| {RATE:,} samples/s of {WORKERS} workers | processes | part of a core | MB each |")
    print("| --- | ---: | ---: | ---: |")
    flags = "-interval", str(WORKERS / RATE)
    alone, over_hosts = (seen(evolve(place, worker_args=flags)).shares for place in places)
    shares = {"no cluster: the only process": alone["driver"], **over_hosts}
    for role, share in shares.items():
        if number := share.processes:
            each = f"{share.processor / number:.1%} | {share.megabytes / number:.0f}"
            print(f"| {role} | {number} | {each} |")


def _print_time(*places: RunSettings) -> None:
    print(f"| 150 samples of {WORKERS} workers | seconds |")
    print("| --- | ---: |")
    taken = _in_turn(lambda settings: run(settings).elapsed_s, places)
    for name, seconds in zip(("one machine", "three hosts"), taken, strict=True):
        print(f"| {name} | {spread(seconds)} |")


def _print_speed(*places: RunSettings) -> None:
    print("| samples/s at full speed, 8 workers | one machine | three hosts | ratio |")
    print("| --- | ---: | ---: | ---: |")
    for lines, samples in SPEEDS.items():
        flags = "-interval", "0", "-lines", str(lines)
        fast = [evolve(each, workers=8, samples=samples, worker_args=flags) for each in places]
        taken = _in_turn(lambda settings: settings.samples / run(settings).elapsed_s, fast)
        ratios = [three / one for one, three in zip(*taken, strict=True)]
        one, three = (spread(speeds, ",.0f") for speeds in taken)
        print(f"| lines in a chunk: {lines} | {one} | {three} | {spread(ratios)} |")


def _in_turn(
    measure: Callable[[RunSettings], float], places: Sequence[RunSettings]
) -> list[list[float]]:
    """Measure in the one place and the other, round after round; return the figures of each."""
    rounds = [[measure(place) for place in places] for _ in range(ROUNDS)]
    return [list(figures) for figures in zip(*rounds, strict=True)]


if __name__ == "__main__":
    main(sys.argv[1:])
