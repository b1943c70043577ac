"""How a run goes on: a model that follows the event stream, and a report of it at any moment."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from statistics import median
from typing import Final

from attrs import define, frozen

from rnd_actors.actors import (
    ActorFailed,
    ActorStopped,
    ChildAbandoned,
    ChildRestarting,
    Crashed,
    Event,
)
from rnd_actors.cli._text import one_line
from rnd_actors.collecting import SamplesAccepted
from rnd_actors.errors import WorkerError
from rnd_actors.workers import WorkerSpawned, WorkerStreaming

__all__ = ["Pace", "Progress", "ProgressReport", "WorkerRow", "WorkerState"]

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

    def _outlook(self) -> Iterator[str]:
        if self.finish_s is not None:
            yield f"done at {self.finish_s:.1f} s"
        if self.deadline_s is not None:
            late = f" ({self.late_s:.1f} s late)" if self.late_s else ""
            yield f"deadline {self.deadline_s:g} s{late}"

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
        self._goal = goal
        self._deadline = deadline
        self._clock = clock
        self._pace = Pace(workers)
        self._samples = 0
        self._progress = 0.0
        self._begun: tuple[float, float] | None = None
        """When the first samples came, and how far the goal was then."""
        self._last_sample_at = 0.0
        self._warnings = 0
        self._spawned_at: float | None = None

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
            case ChildAbandoned(child=name):
                self._enter(name, WorkerState.GIVEN_UP)
            case ActorStopped(actor=name):
                self._enter(name, WorkerState.STOPPED)

    @property
    def worst(self) -> int | None:
        """The worker that is clearly behind the others; None: no worker is."""
        return self._pace.worst

    def report(self) -> ProgressReport:
        """Return how far the run is at this moment."""
        elapsed_s = self._elapsed_s()
        left_s = self._left_s()
        return ProgressReport(
            samples=self._samples,
            goal=self._goal,
            progress=self._progress,
            elapsed_s=elapsed_s,
            rate_per_s=self._pace.rate_per_s,
            ideal_rate_per_s=self._pace.ideal_rate_per_s,
            left_s=left_s,
            finish_s=self._finish_s(left_s, elapsed_s),
            deadline_s=self._deadline,
            restarts=sum(row.restarts for row in self.workers.values()),
            warnings=self._warnings,
            last_warning=self.warnings[-1][1] if self.warnings else None,
        )

    def _elapsed_s(self) -> float:
        return 0.0 if self._spawned_at is None else self._clock() - self._spawned_at

    def _left_s(self) -> float | None:
        if self._goal is not None:
            rate = self._pace.rate_per_s
            return (self._goal - self._samples) / rate if rate else None
        if self._begun is None:
            return None
        grown = self._progress - self._begun[1]
        seconds = self._last_sample_at - self._begun[0]
        return (1.0 - self._progress) * seconds / grown if grown > 0 else None

    def _finish_s(self, left_s: float | None, elapsed_s: float) -> float | None:
        if left_s is None or self._spawned_at is None:
            return None
        return max(elapsed_s, self._last_sample_at - self._spawned_at + left_s)

    def _worker_spawned(self, spawned: WorkerSpawned) -> None:
        if self._spawned_at is None:
            self._spawned_at = self._clock()
        self._pace.spawned(spawned.worker)
        row = self.workers[spawned.worker]
        row.state, row.port, row.pid = WorkerState.STARTING, spawned.port, spawned.pid
        row.restarts = spawned.incarnation - 1

    def _samples_accepted(self, samples: SamplesAccepted) -> None:
        now = self._last_sample_at = self._clock()
        self._pace.accepted(samples.worker, samples.accepted, now)
        self._samples, self._progress = samples.total, samples.progress
        if self._begun is None:
            self._begun = (now, samples.progress)
        row = self.workers[samples.worker]
        row.samples += samples.accepted
        row.last_value = samples.last_value

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


class Pace:
    """How fast the workers with the ids 1 to `workers` are in this session.

    Times are seconds of any clock.
    """

    def __init__(self, workers: int) -> None:
        self._paces = {worker: _WorkerPace() for worker in range(1, workers + 1)}
        self._first_at: float | None = None
        self._last_at = 0.0

    def spawned(self, worker: int) -> None:
        """Begin an incarnation of a worker: the time before its first sample is no interval."""
        self._paces[worker].last_at = None

    def accepted(self, worker: int, count: int, at: float) -> None:
        """Count samples of a worker."""
        self._last_at = at
        if self._first_at is None:
            self._first_at = at
        pace = self._paces[worker]
        if pace.last_at is not None:
            pace.intervals += count
            pace.interval_s += at - pace.last_at
        pace.last_at = at
        pace.samples += count

    @property
    def rate_per_s(self) -> float | None:
        """Samples a second; None: there are too few to tell."""
        if self._first_at is None:
            return None
        # A worker's first sample starts its clock: counted, it would double the rate at first.
        intervals = sum(max(0, pace.samples - 1) for pace in self._paces.values())
        seconds = self._last_at - self._first_at
        return intervals / seconds if intervals > 0 and seconds > 0 else None

    @property
    def ideal_rate_per_s(self) -> float | None:
        """Samples a second if all workers streamed all the time, each at the median rate."""
        rates = [
            pace.intervals / pace.interval_s for pace in self._paces.values() if pace.interval_s > 0
        ]
        return len(self._paces) * median(rates) if rates else None

    @property
    def worst(self) -> int | None:
        """The worker with the fewest samples, if it has fewer than half of the median."""
        worker = min(self._paces, key=lambda worker: self._paces[worker].samples)
        usual = median(pace.samples for pace in self._paces.values())
        behind = self._paces[worker].samples < usual / 2
        return worker if behind and usual >= _TELLING else None


@define
class _WorkerPace:
    """The samples of one worker, and the intervals between those of one incarnation."""

    samples: int = 0
    last_at: float | None = None
    intervals: int = 0
    interval_s: float = 0.0
