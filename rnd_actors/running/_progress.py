"""How a run goes on: a model that follows the event stream, and reports at any moment."""

import logging
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from statistics import median
from typing import Final

from attrs import define, field, frozen

from rnd_actors._printing import one_line
from rnd_actors.actors import Crashed
from rnd_actors.collectors import (
    DeadlineChanged,
    GoalChanged,
    Lifetimes,
    RunScaled,
    SamplesAccepted,
    WorkerDrained,
    WorkerReplaced,
)
from rnd_actors.errors import WorkerError
from rnd_actors.events import (
    ActorFailed,
    ActorStopped,
    ChildRestarting,
    Event,
    RestartIntensityReached,
)
from rnd_actors.running._progress_report import ProgressReport
from rnd_actors.workers import WorkerSpawned, WorkerStreaming

_KEPT_WARNINGS: Final = 100
_SETTLED_S: Final = 2.0
"""Seconds after scaling before the rate since then is measured: new workers have to start."""
_TELLING: Final = 4
"""Samples of most workers before a worker with fewer than half of them counts as behind."""


class WorkerState(Enum):
    """What a worker is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    STREAMING = "streaming"
    CRASHED = "crashed"
    RESTARTING = "restarting"
    GIVEN_UP = "given up"
    STOPPED = "stopped"
    REPLACED = "replaced"
    DRAINING = "draining"
    DRAINED = "drained"


_LEFT: Final = (WorkerState.DRAINING, WorkerState.DRAINED)


@define
class WorkerRow:
    """What is known about one worker; None: not known yet."""

    state: WorkerState = WorkerState.WAITING
    port: int | None = None
    pid: int | None = None
    host: str | None = None
    """Of a cluster, where it is; None: it is on this machine."""
    samples: int = 0
    restarts: int = 0
    replaced: int = 0
    last_value: int | None = None
    is_late: bool = False
    """Whether it was added while the run went on."""
    times: Lifetimes = field(factory=Lifetimes, eq=False)

    @property
    def serves(self) -> bool:
        """Whether it has neither left the run nor is given up."""
        return self.state not in (*_LEFT, WorkerState.GIVEN_UP)


class Progress:
    """Subscriber of the event stream that keeps what a view shows.

    Args:
        goal: wanted samples; None: the goal is no number of samples.
        workers: the number of the first workers, whose ids are 1 to `workers`.
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
        self.workers = dict[int, WorkerRow]()
        self.warnings: deque[tuple[float, str]] = deque(maxlen=_KEPT_WARNINGS)
        """The last warnings in words, each with its time in seconds since the first spawn."""
        self._by_actor = dict[str, WorkerRow]()
        for worker in range(1, workers + 1):
            self._add(worker)
        self._goal, self._deadline, self._clock = goal, deadline, clock
        self._samples = self._warnings = 0
        self._progress = self._first_progress = 0.0
        self._spawned_at: float | None = None
        self._first_sample_at: float | None = None
        self._last_sample_at = 0.0
        self._before_scaling: _Pace | None = None

    def __call__(self, event: Event) -> None:
        if event.level >= logging.WARNING:
            self._warnings += 1
            self.warnings.append((self.elapsed_s, one_line(_words(event))))
        match event:
            case WorkerSpawned():
                self._worker_spawned(event)
            case WorkerStreaming(worker=worker):
                self._enter(f"workers/{worker}", WorkerState.STREAMING)
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
            case _:
                self._follow_steering(event)

    @property
    def by_host(self) -> list[tuple[int, WorkerRow]]:
        """The workers, with their ids, host by host."""
        return sorted(self.workers.items(), key=lambda each: (each[1].host or "", each[0]))

    @property
    def worst(self) -> int | None:
        """The worker with the fewest samples, if it has fewer than half of the median.

        Those that were added later or have left the run are not compared.
        """
        samples = {
            worker: row.samples
            for worker, row in self.workers.items()
            if row.state not in _LEFT and not row.is_late
        }
        if not samples:
            return None
        worker, usual = min(samples, key=samples.__getitem__), median(samples.values())
        return worker if usual >= _TELLING and samples[worker] < usual / 2 else None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first spawn."""
        return 0.0 if self._spawned_at is None else self._clock() - self._spawned_at

    def report(self) -> ProgressReport:
        """Return how far the run is at this moment."""
        elapsed_s, rate_per_s = self.elapsed_s, self._rate_per_s()
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

    def _sampling_s(self) -> float:
        first_at = self._first_sample_at
        return 0.0 if first_at is None else self._last_sample_at - first_at

    def _rate_per_s(self) -> float | None:
        """Return the samples a second since the first one, or since the run was scaled."""
        before, intervals, seconds = self._before_scaling, self._intervals(), self._sampling_s()
        if before is not None and self._last_sample_at - before.at > _SETTLED_S:
            intervals, seconds = intervals - before.intervals, self._last_sample_at - before.at
        elif before is not None:
            return before.rate_per_s
        return intervals / seconds if intervals > 0 and seconds > 0 else None

    def _intervals(self) -> int:
        # A worker's first sample starts its clock: counted, it would double the rate at first.
        return sum(max(0, row.samples - 1) for row in self.workers.values())

    def _serving(self) -> int:
        return sum(row.serves for row in self.workers.values())

    def _ideal_rate_per_s(self) -> float | None:
        """Return the median rate of the workers while they stream, times their number."""
        rates = [row.times.rate_per_s for row in self.workers.values()]
        known = [rate for rate in rates if rate is not None]
        return self._serving() * median(known) if known else None

    def _left_s(self, rate_per_s: float | None) -> float | None:
        if self._goal is not None:
            return (self._goal - self._samples) / rate_per_s if rate_per_s else None
        grown = self._progress - self._first_progress
        return (1.0 - self._progress) * self._sampling_s() / grown if grown > 0 else None

    def _worker_spawned(self, spawned: WorkerSpawned) -> None:
        now = self._clock()
        if self._spawned_at is None:
            self._spawned_at = now
        if spawned.worker not in self.workers:
            self._add(spawned.worker)
        row = self.workers[spawned.worker]
        if row.state not in _LEFT:
            row.state = WorkerState.STARTING
        row.port, row.pid, row.host = spawned.port, spawned.pid, spawned.host
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

    def _follow_steering(self, event: Event) -> None:
        match event:
            case WorkerReplaced(worker=worker):
                self.workers[worker].replaced += 1
                self._enter(f"workers/{worker}", WorkerState.REPLACED)
            case RunScaled():
                self._run_scaled(event)
            case WorkerDrained(worker=worker):
                self.workers[worker].state = WorkerState.DRAINED
            case GoalChanged(goal, progress):
                self._goal, self._progress = goal, progress
            case DeadlineChanged(deadline_s):
                self._deadline = deadline_s

    def _run_scaled(self, scaled: RunScaled) -> None:
        """Have the new workers, and expect a rate in proportion until it can be measured."""
        rate_per_s, before = self._rate_per_s(), self._serving()
        for worker in scaled.started:
            self._add(worker, is_late=True)
        for worker in scaled.draining:
            self.workers[worker].state = WorkerState.DRAINING
        if rate_per_s is not None and before:
            expected = rate_per_s * scaled.workers / before
            self._before_scaling = _Pace(self._clock(), self._intervals(), expected)

    def _add(self, worker: int, *, is_late: bool = False) -> None:
        row = WorkerRow(is_late=is_late)
        self.workers[worker] = self._by_actor[f"workers/{worker}"] = row

    def _enter(self, actor: str, state: WorkerState) -> None:
        row = self._by_actor.get(actor)
        if row is not None and row.state not in _LEFT:
            row.state = state


@frozen
class _Pace:
    """The intervals between samples up to the time when a run was scaled, and its new rate."""

    at: float
    intervals: int
    rate_per_s: float


def _words(event: Event) -> object:
    """Return what happened: of the crash of a worker its error, which names the worker."""
    match event:
        case ActorFailed(reason=Crashed(error=WorkerError() as error)):
            return error
        case _:
            return event
