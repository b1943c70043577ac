"""How a run goes on: a model that follows the event stream, and reports at any moment."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from statistics import median
from typing import Final

from attrs import define, field, frozen

from rnd_actors._printing import one_line
from rnd_actors.actors import Crashed
from rnd_actors.collectors import Lifetimes, SamplesAccepted
from rnd_actors.errors import WorkerError
from rnd_actors.events import (
    ActorFailed,
    ActorStopped,
    ChildRestarting,
    Event,
    RestartIntensityReached,
)
from rnd_actors.workers import WorkerSpawned, WorkerStreaming

_KEPT_WARNINGS: Final = 100
_LONGEST_WARNING: Final = 100
_TELLING: Final = 4
"""Samples of most workers before a worker with fewer than half of them counts as behind."""


@frozen(kw_only=True)
class ProgressReport(Event):
    """How far a run is.

    Args:
        samples: accepted samples so far.
        goal: wanted samples; None: the goal is no number of samples.
        progress: how far the goal is, 0.0 to 1.0.
        elapsed_s: seconds since the first spawn.
        rate_per_s: samples a second; None: there are too few to tell.
        ideal_rate_per_s: samples a second if all workers streamed all the time; None likewise.
        left_s: seconds until the goal at this rate; None without a rate.
        finish_s: seconds from the first spawn to the goal at this rate; None without a rate.
        deadline_s: seconds from the first spawn that the run may take; None: no deadline.
        restarts: restarts of workers so far.
        warnings: events of level WARNING and above so far.
        last_warning: the last of them in words; None: it was told already, or there is none.
    """

    level = logging.INFO
    samples: int
    goal: int | None
    progress: float
    elapsed_s: float
    rate_per_s: float | None
    ideal_rate_per_s: float | None
    left_s: float | None
    finish_s: float | None
    deadline_s: float | None
    restarts: int
    warnings: int
    last_warning: str | None

    @property
    def count(self) -> str:
        """The samples, of how many."""
        return f"{self.samples}" if self.goal is None else f"{self.samples} of {self.goal}"

    @property
    def rates(self) -> str | None:
        """The rate beside the ideal one."""
        if self.rate_per_s is None:
            return None
        if self.ideal_rate_per_s is None:
            return f"{self.rate_per_s:.1f}/s"
        return f"{self.rate_per_s:.1f}/s (ideal {self.ideal_rate_per_s:.1f}/s)"

    @property
    def late_s(self) -> float:
        """Seconds from the deadline to the goal; 0.0 if the run will be in time."""
        if self.finish_s is None or self.deadline_s is None:
            return 0.0
        return max(0.0, self.finish_s - self.deadline_s)

    @property
    def clock(self) -> str:
        """The time now, at the goal and at the deadline, all since the first spawn."""
        return ", ".join([f"now {self.elapsed_s:.1f} s", *self._outlook()])

    def __str__(self) -> str:
        parts = [f"{self.count} samples in {self.elapsed_s:.1f} s"]
        if self.rates is not None:
            parts.append(self.rates)
        parts += self._outlook()
        if self.restarts:
            parts.append(f"restarts: {self.restarts}")
        if self.warnings:
            parts.append(f"warnings: {self.warnings}")
        if last := self.last_warning:
            cut = last if len(last) <= _LONGEST_WARNING else f"{last[: _LONGEST_WARNING - 1]}…"
            parts.append(f"the last: {cut}")
        return ", ".join(parts)

    def _outlook(self) -> Iterator[str]:
        if self.finish_s is not None:
            yield f"done at {self.finish_s:.1f} s"
        if self.deadline_s is not None:
            late = f" ({self.late_s:.1f} s late)" if self.late_s else ""
            yield f"deadline {self.deadline_s:g} s{late}"


class WorkerState(Enum):
    """What a worker is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    STREAMING = "streaming"
    CRASHED = "crashed"
    RESTARTING = "restarting"
    GIVEN_UP = "given up"
    STOPPED = "stopped"


@define
class WorkerRow:
    """What is known about one worker; None: not known yet."""

    state: WorkerState = WorkerState.WAITING
    port: int | None = None
    pid: int | None = None
    samples: int = 0
    restarts: int = 0
    last_value: int | None = None
    times: Lifetimes = field(factory=Lifetimes, eq=False)


class Progress:
    """Subscriber of the event stream that keeps what a view shows.

    Args:
        goal: wanted samples; None: the goal is no number of samples.
        workers: the number of workers, whose ids are 1 to `workers`.
        deadline: seconds from the first spawn that the run has; None: no limit.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        goal: int | None,
        workers: int,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workers = {worker: WorkerRow() for worker in range(1, workers + 1)}
        self.warnings: deque[tuple[float, str]] = deque(maxlen=_KEPT_WARNINGS)
        """The last warnings in words, each with its time in seconds since the first spawn."""
        self._by_actor = {f"workers/{worker}": row for worker, row in self.workers.items()}
        self._goal, self._deadline, self._clock = goal, deadline, clock
        self._samples = self._warnings = 0
        self._progress = self._first_progress = 0.0
        self._spawned_at: float | None = None
        self._first_sample_at: float | None = None
        self._last_sample_at = 0.0

    def __call__(self, event: Event) -> None:
        if event.level >= logging.WARNING:
            self._warnings += 1
            self.warnings.append((self._elapsed_s(), one_line(_words(event))))
        match event:
            case WorkerSpawned():
                self._worker_spawned(event)
            case WorkerStreaming(worker=worker):
                self.workers[worker].state = WorkerState.STREAMING
            case SamplesAccepted():
                self._samples_accepted(event)
            case ActorFailed(actor=name):
                self._enter(name, WorkerState.CRASHED)
            case ChildRestarting(child=name):
                self._enter(name, WorkerState.RESTARTING)
            case RestartIntensityReached(child=name):
                self._enter(name, WorkerState.GIVEN_UP)
            case ActorStopped(actor=name):
                self._enter(name, WorkerState.STOPPED)

    @property
    def worst(self) -> int | None:
        """The worker with the fewest samples, if it has fewer than half of the median."""
        worker = min(self.workers, key=lambda worker: self.workers[worker].samples)
        usual = median(row.samples for row in self.workers.values())
        return worker if usual >= _TELLING and self.workers[worker].samples < usual / 2 else None

    def report(self) -> ProgressReport:
        """Return how far the run is at this moment."""
        elapsed_s, rate_per_s = self._elapsed_s(), self._rate_per_s()
        left_s, finish_s = self._left_s(rate_per_s), None
        if left_s is not None and self._spawned_at is not None:
            finish_s = max(elapsed_s, self._last_sample_at - self._spawned_at + left_s)
        return ProgressReport(
            samples=self._samples,
            goal=self._goal,
            progress=self._progress,
            elapsed_s=elapsed_s,
            rate_per_s=rate_per_s,
            ideal_rate_per_s=self._ideal_rate_per_s(),
            left_s=left_s,
            finish_s=finish_s,
            deadline_s=self._deadline,
            restarts=sum(row.restarts for row in self.workers.values()),
            warnings=self._warnings,
            last_warning=self.warnings[-1][1] if self.warnings else None,
        )

    def _elapsed_s(self) -> float:
        return 0.0 if self._spawned_at is None else self._clock() - self._spawned_at

    def _sampling_s(self) -> float:
        first_at = self._first_sample_at
        return 0.0 if first_at is None else self._last_sample_at - first_at

    def _rate_per_s(self) -> float | None:
        # A worker's first sample starts its clock: counted, it would double the rate at first.
        intervals = sum(max(0, row.samples - 1) for row in self.workers.values())
        seconds = self._sampling_s()
        return intervals / seconds if intervals > 0 and seconds > 0 else None

    def _ideal_rate_per_s(self) -> float | None:
        """Return the median rate of the workers while they stream, times their number."""
        rates = [row.times.rate_per_s for row in self.workers.values()]
        known = [rate for rate in rates if rate is not None]
        return len(self.workers) * median(known) if known else None

    def _left_s(self, rate_per_s: float | None) -> float | None:
        if self._goal is not None:
            return (self._goal - self._samples) / rate_per_s if rate_per_s else None
        grown = self._progress - self._first_progress
        return (1.0 - self._progress) * self._sampling_s() / grown if grown > 0 else None

    def _worker_spawned(self, spawned: WorkerSpawned) -> None:
        now = self._clock()
        if self._spawned_at is None:
            self._spawned_at = now
        row = self.workers[spawned.worker]
        row.state, row.port, row.pid = WorkerState.STARTING, spawned.port, spawned.pid
        row.restarts = spawned.incarnation - 1
        row.times.up(now)

    def _samples_accepted(self, samples: SamplesAccepted) -> None:
        now = self._last_sample_at = self._clock()
        self._samples, self._progress = samples.total, samples.progress
        if self._first_sample_at is None:
            self._first_sample_at, self._first_progress = now, samples.progress
        row = self.workers[samples.worker]
        row.samples += samples.accepted
        row.last_value = samples.last_value
        row.times.lines(samples.accepted, now)

    def _enter(self, actor: str, state: WorkerState) -> None:
        if row := self._by_actor.get(actor):
            row.state = state


def _words(event: Event) -> object:
    """Return what happened: of the crash of a worker its error, which names the worker."""
    match event:
        case ActorFailed(reason=Crashed(error=WorkerError() as error)):
            return error
        case _:
            return event
