"""Many workers that each send one number a second: what that costs our process.

A run of some seconds is looked at between the first second in which all stream and its end.
"""

import logging
import resource
import time

from rnd_actors import FixedTime, RunSettings, run
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.workers import WorkerStreaming
from tests.benchmarks.tool.compiled import worker


def ours(workers: int, seconds: float) -> dict[str, float]:
    """Return the share of one core, and the most resident memory in MiB."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    meter = Meter(workers)
    start_up = workers / 100
    settings = RunSettings(workers=workers, worker=worker(), base_port=0)
    run(settings, FixedTime(seconds + start_up), subscriber=meter.note)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_share": meter.share, "memory_mib": memory}


class Meter:
    """Takes the CPU time from the first sample after all workers stream to the last sample."""

    def __init__(self, workers: int) -> None:
        self.missing = workers
        self.first: tuple[float, float] | None = None
        self.last = (0.0, 0.0)

    def note(self, event: object) -> None:
        """Act on an event of the run."""
        if isinstance(event, WorkerStreaming):
            self.missing -= 1
        elif isinstance(event, SamplesAccepted) and self.missing <= 0:
            self.last = time.perf_counter(), time.process_time()
            self.first = self.first or self.last

    @property
    def share(self) -> float:
        """The part of one core."""
        assert self.first is not None, "not all workers have streamed"
        (began, cpu_before), (ended, cpu_after) = self.first, self.last
        return (cpu_after - cpu_before) / (ended - began)
