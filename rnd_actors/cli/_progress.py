"""How a run goes on: a small model that follows the event stream and that views are drawn from."""

import logging
import time
from collections.abc import Callable
from enum import Enum

from attrs import define

from rnd_actors.actors import ActorFailed, ActorStopped, ChildAbandoned, ChildRestarting, Event
from rnd_actors.cli._progress_report import ProgressReport
from rnd_actors.cli._words import one_line
from rnd_actors.collecting import SamplesAccepted
from rnd_actors.workers import WorkerSpawned, WorkerStreaming

__all__ = ["Progress", "WorkerRow", "WorkerState"]


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
        goal: how many samples are wanted.
        workers: how many workers there are.
        clock: seconds that only grow.
    """

    def __init__(
        self, goal: int, workers: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.workers = {worker: WorkerRow() for worker in range(1, workers + 1)}
        self._by_actor = {f"workers/{worker}": row for worker, row in self.workers.items()}
        self._goal = goal
        self._clock = clock
        self._samples = 0
        self._warnings = 0
        self._last_warning: str | None = None
        self._spawned_at: float | None = None
        self._first_sample_at: float | None = None
        self._last_sample_at = 0.0

    def __call__(self, event: Event) -> None:
        if event.level >= logging.WARNING:
            self._warnings += 1
            self._last_warning = one_line(event)
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

    def report(self) -> ProgressReport:
        """Return how far the run is at this moment."""
        started = self._spawned_at
        rate = self._rate()
        return ProgressReport(
            samples=self._samples,
            goal=self._goal,
            elapsed_s=0.0 if started is None else self._clock() - started,
            rate_per_s=rate,
            left_s=(self._goal - self._samples) / rate if rate else None,
            restarts=sum(row.restarts for row in self.workers.values()),
            warnings=self._warnings,
            last_warning=self._last_warning,
        )

    def _worker_spawned(self, spawned: WorkerSpawned) -> None:
        if self._spawned_at is None:
            self._spawned_at = self._clock()
        row = self.workers[spawned.worker]
        row.state, row.port, row.pid = WorkerState.STARTING, spawned.port, spawned.pid
        row.restarts = spawned.incarnation - 1

    def _samples_accepted(self, samples: SamplesAccepted) -> None:
        self._last_sample_at = self._clock()
        if self._first_sample_at is None:
            self._first_sample_at = self._last_sample_at
        self._samples = samples.total
        row = self.workers[samples.worker]
        row.samples += samples.accepted
        row.last_value = samples.last_value

    def _enter(self, actor: str, state: WorkerState) -> None:
        if row := self._by_actor.get(actor):
            row.state = state

    def _rate(self) -> float | None:
        if self._first_sample_at is None:
            return None
        # A worker's first sample starts its clock: counted, it would double the rate at first.
        intervals = self._samples - sum(row.samples > 0 for row in self.workers.values())
        seconds = self._last_sample_at - self._first_sample_at
        return intervals / seconds if intervals > 0 and seconds > 0 else None
