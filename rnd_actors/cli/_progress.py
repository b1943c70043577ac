"""How a run goes on: a small model that follows the event stream and that views are drawn from."""

import logging
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from attrs import define

from rnd_actors.actors import (
    ActorFailed,
    ActorStopped,
    ChildAbandoned,
    ChildRestarting,
    Crashed,
    Event,
)
from rnd_actors.cli._pace import Pace
from rnd_actors.cli._progress_report import ProgressReport
from rnd_actors.cli._words import one_line
from rnd_actors.collecting import SamplesAccepted
from rnd_actors.errors import WorkerError
from rnd_actors.workers import WorkerSpawned, WorkerStreaming

__all__ = ["Progress", "WorkerRow", "WorkerState"]

_KEPT_WARNINGS: Final = 100


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
    """What is known about one worker; what is not known yet is None."""

    state: WorkerState = WorkerState.WAITING
    port: int | None = None
    pid: int | None = None
    samples: int = 0
    restarts: int = 0
    last_value: int | None = None


class Progress:
    """Subscriber of the event stream that keeps what a view shows.

    Args:
        goal: how many samples are wanted; None: the goal is no number of samples.
        workers: how many workers there are.
        deadline: seconds from the first spawn that the run has; None: as many as it takes.
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
        self.warnings: deque[tuple[float, str]] = deque(maxlen=_KEPT_WARNINGS)
        """The last warnings in words, each with its time in seconds since the first spawn."""
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
        """The worker that is clearly behind the others, if one is."""
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
