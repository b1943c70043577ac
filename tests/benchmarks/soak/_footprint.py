"""What a run takes of the machine while it goes on, tenth by tenth."""

import gc
import sys
import time
from collections.abc import Callable
from statistics import median

import psutil
from attrs import define, field, frozen

from rnd_actors import Event
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.workers import WorkerSpawned

__all__ = ["Footprint", "Recorder", "Tenth"]

_PROBES_A_TENTH = 10


@frozen
class Footprint:
    """What this process has of the machine at one moment."""

    descriptors: int
    children: int
    """Processes below this one, zombies too."""
    memory: int
    """Bytes that are resident."""
    objects: int
    """Blocks of memory that Python has given away: finer than pages of memory, if less complete."""

    @classmethod
    def now(cls) -> "Footprint":
        """Measure it, which takes some twenty milliseconds."""
        gc.collect()  # errors and their tracebacks are in cycles; those are garbage, but no leak
        this = psutil.Process()
        children = len(this.children(recursive=True))
        return cls(this.num_fds(), children, this.memory_info().rss, sys.getallocatedblocks())


@frozen
class Tenth:
    """A tenth of a run: how fast it was, and what it took of the machine."""

    samples: int
    """Up to its end."""
    samples_per_s: float
    starts_per_s: float
    descriptors: float
    children: int
    """The most at any moment; all others are medians."""
    memory: float
    objects: float


@define
class Recorder:
    """A subscriber of the events of a run, which it measures a hundred times.

    Args:
        goal: how many samples the run will have.
        kept: returns how many bytes and objects the samples are that have to be kept up to now;
            they are left out of every account.
    """

    goal: int
    kept: Callable[[], tuple[int, int]]
    tenths: list[Tenth] = field(factory=list, init=False)
    _starts: int = field(default=0, init=False)
    _probes: list[Footprint] = field(factory=list, init=False)
    _next_probe: int = field(default=1, init=False)
    _begin: tuple[float, int, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begin = (time.monotonic(), 0, 0)

    def __call__(self, event: Event) -> None:
        """Count starts of workers, and measure when enough samples are accepted."""
        if isinstance(event, WorkerSpawned):
            self._starts += 1
        elif isinstance(event, SamplesAccepted):
            while self._next_probe * self.goal <= event.total * 10 * _PROBES_A_TENTH:
                self._probe(event.total)

    def _probe(self, total: int) -> None:
        size, number = self.kept()
        now = Footprint.now()
        self._probes.append(
            Footprint(now.descriptors, now.children, now.memory - size, now.objects - number)
        )
        self._next_probe += 1
        if len(self._probes) == _PROBES_A_TENTH:
            self._finish_tenth(total)

    def _finish_tenth(self, total: int) -> None:
        probes, (began_at, samples, starts) = self._probes, self._begin
        now = time.monotonic()
        self.tenths.append(
            Tenth(
                samples=total,
                samples_per_s=(total - samples) / (now - began_at),
                starts_per_s=(self._starts - starts) / (now - began_at),
                descriptors=median(probe.descriptors for probe in probes),
                children=max(probe.children for probe in probes),
                memory=median(probe.memory for probe in probes),
                objects=median(probe.objects for probe in probes),
            )
        )
        self._begin, self._probes = (now, total, self._starts), []
