"""In a run: the worker crashes, its supervisor asks the collector, and starts it again."""

import logging
import os
import signal
import time
from statistics import median

from rnd_actors import (
    RunSettings,
    SamplesAccepted,
    WorkerSpawned,
)
from rnd_actors import (
    run as run_workers,
)
from rnd_actors.actors import Event
from tests.benchmarks.tool.compiled import worker

__all__ = ["run"]


class Killer:
    """Kills the worker at each of its first samples, and notes how long the next one takes."""

    def __init__(self) -> None:
        self.pid = 0
        self.killed_at = 0.0
        self.seconds: list[float] = []

    def note(self, event: Event) -> None:
        """Hear of an event."""
        if isinstance(event, WorkerSpawned):
            self.pid = event.pid
        elif isinstance(event, SamplesAccepted):
            now = time.perf_counter()
            if self.killed_at:
                self.seconds.append(now - self.killed_at)
            self.killed_at = now
            os.kill(self.pid, signal.SIGKILL)


def run(crashes: int) -> float:
    """Return the median of the seconds from kill to sample."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    killer = Killer()
    settings = RunSettings(samples=crashes + 1, workers=1, worker=worker(), base_port=0)
    run_workers(settings, subscriber=killer.note)
    return median(killer.seconds)
