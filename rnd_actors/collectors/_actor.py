"""The collector actor: counts the samples of the workers, and does what its collector decides."""

import logging
import time
from collections.abc import Sequence
from typing import TypeAlias

import gevent
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, Crashed, ExitReason, Normal, Terminated
from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._collector import Collector, Sample
from rnd_actors.collectors._result import Outcome
from rnd_actors.errors import WorkerError
from rnd_actors.events import Event
from rnd_actors.supervision import (
    ChildDown,
    ChildGivenUp,
    ChildUp,
    Delegated,
    RestartChild,
    ShutDown,
)
from rnd_actors.workers import Samples


@frozen
class Conclude:
    """Message to the collector actor: end the run now, with the samples that it has."""

    outcome: Outcome
    reason: str


CollectorMessage: TypeAlias = Samples | Delegated | Terminated | Conclude
"""The messages that a `CollectorActor` accepts."""


@frozen
class Accepted:
    """Message to a sink: samples that count, each sent once, in the order of their index."""

    samples: tuple[Sample, ...]


@frozen
class SamplesAccepted(Event):
    """The collector counted samples of a worker.

    Args:
        worker: the worker's id.
        accepted: how many samples were accepted with this event, 1 or more.
        last_value: the last of them.
        total: how many were accepted in the run so far, these included.
        progress: the share of the goal that is reached, 0.0 to 1.0.
    """

    worker: int
    accepted: int
    last_value: int
    total: int
    progress: float

    def __str__(self) -> str:
        return f"{self.accepted} samples from worker {self.worker}, {self.total} in all"


@frozen
class WorkerGivenUp(Event):
    """A worker's restart intensity is exceeded, so it stays down for the rest of the run.

    Args:
        worker: the worker's id.
        last_exit: why it went down for the last time.
        last_words: the last 20 lines that it wrote to stdout or stderr.
    """

    level = logging.ERROR
    worker: int
    last_exit: str
    last_words: tuple[str, ...]

    def __str__(self) -> str:
        words = f"; its last words: {' | '.join(self.last_words)}" if self.last_words else ""
        return f"worker {self.worker} is given up: {self.last_exit}{words}"


class CollectorActor(Actor[CollectorMessage]):
    """Counts `Samples`, decides on every worker that goes down, and ends the run.

    It is the decider of the workers' supervisor, which it learns from `ChildUp`. Samples that
    arrive after the run is concluded are surplus.

    Args:
        collector: decides what is accepted, when the goal is reached and who is restarted.
        collection: keeps the samples and the ledger.
        deadline: seconds from the first spawn after which the run is concluded; None: none.
        sinks: actors that are sent every accepted sample; the end of one ends the run.
    """

    def __init__(
        self,
        collector: Collector,
        collection: Collection,
        deadline: float | None = None,
        sinks: Sequence[ActorRef[Accepted]] = (),
    ) -> None:
        self._collector = collector
        self._collection = collection
        self._deadline = deadline
        self._sinks = sinks

    def on_start(self) -> None:
        for sink in self._sinks:
            self.watch(sink)
        self._arm_timers()

    def receive(self, message: CollectorMessage) -> None:
        match message:
            case Samples():
                self._collect(message)
            case ChildUp():
                self._worker_up(message)
            case ChildDown():
                self._worker_down(message)
            case ChildGivenUp(child_id=worker, reason=reason):
                self._give_up(int(worker), reason)
            case Terminated(ref, reason):
                self._conclude(Outcome.FAILED, f"{ref.name}: {_described(reason)}")
            case Conclude(outcome, reason):
                self._conclude(outcome, reason)

    def _collect(self, batch: Samples) -> None:
        accept = self._accept_at_once if self._collector.counts_only else self._accept_each
        before, accepted = len(self._collection.values), list[Sample]()
        try:
            if batch.values and self._collection.conclusion is None:
                accept(batch, accepted)
        finally:
            number = len(self._collection.values) - before
            self._collection.count(batch, number)
            if number:
                self._hand_on(accepted, number)

    def _accept_at_once(self, batch: Samples, accepted: list[Sample]) -> None:
        """Accept as many as the goal still needs; make a `Sample` of each only for sinks."""
        values, goal = self._collection.values, self._collector.goal
        number = len(batch.values) if goal is None else min(len(batch.values), goal - len(values))
        shown = range(number) if self._sinks else range(number - 1, number)
        accepted.extend(self._collection.sample(batch, i, len(values) + i) for i in shown)
        values.extend(batch.values[:number])
        if self._collector.is_reached(accepted[-1]):
            self._conclude(Outcome.COMPLETE, "the goal is reached")

    def _accept_each(self, batch: Samples, accepted: list[Sample]) -> None:
        """Ask the collector about one sample after the other, until the goal is reached."""
        values = self._collection.values
        for position in range(len(batch.values)):
            self.checkpoint()
            sample = self._collection.sample(batch, position, len(values))
            is_accepted = self._collector.accepts(sample)
            if self._collection.conclusion is not None:  # the deadline passed in between
                return
            if is_accepted:
                values.append(sample.value)
                accepted.append(sample)
                if self._collector.is_reached(sample):
                    self._conclude(Outcome.COMPLETE, "the goal is reached")
                    return

    def _hand_on(self, accepted: list[Sample], number: int) -> None:
        for sink in self._sinks:
            sink.tell(Accepted(tuple(accepted)))
        last = accepted[-1]
        total, progress = last.index + 1, self._progress()
        self.publish(SamplesAccepted(last.worker, number, last.value, total, progress))

    def _progress(self) -> float:
        """Return the share of the goal that is reached; of a duration, by the clock."""
        duration, started_at = self._collector.duration, self._collection.started_at
        if duration is None or started_at is None:
            return self._collector.progress()
        elapsed_s = self._collection.earlier_s + time.monotonic() - started_at
        return min(1.0, elapsed_s / duration)

    def _worker_up(self, up: ChildUp) -> None:
        is_first = self._collection.started_at is None
        self._collection.worker_up(up)
        if is_first:
            self._arm_timers()
        if self._collection.conclusion is not None:
            up.supervisor.tell(ShutDown())

    def _worker_down(self, down: ChildDown) -> None:
        self._collection.worker_down(down)
        if self._collection.conclusion is not None:
            return
        restart = True
        try:
            if not isinstance(down.reason, Normal):
                restart = self._collector.restarts(int(down.child_id), down.reason)
        finally:
            if restart:
                down.supervisor.tell(RestartChild(down.child_id))
            else:
                self._let_rest(int(down.child_id), down.reason)

    def _give_up(self, worker: int, reason: ExitReason) -> None:
        counts = self._collection.workers[worker]
        counts.given_up = True
        self.publish(WorkerGivenUp(worker, counts.last_exit or str(reason), counts.last_words))
        self._let_rest(worker, reason)

    def _let_rest(self, worker: int, reason: ExitReason) -> None:
        self._collection.workers[worker].rests = True
        if self._collection.all_rest:
            words = f"no worker is left; the last one: {_described(reason)}"
            self._conclude(Outcome.FAILED, words)

    def _arm_timers(self) -> None:
        """Conclude the run at its deadline and at the end of its duration, once it has begun."""
        started_at, deadline = self._collection.started_at, self._deadline
        if started_at is None:
            return
        if deadline is not None:
            reason = f"the deadline of {deadline:g} s has passed"
            self.background(self._conclude_at, started_at + deadline, Outcome.DEADLINE, reason)
        if (duration := self._collector.duration) is not None:
            end = started_at + duration - self._collection.earlier_s
            self.background(self._conclude_at, end, Outcome.COMPLETE, f"{duration:g} s are over")

    def _conclude_at(self, end: float, outcome: Outcome, reason: str) -> None:
        """Conclude at `end` (monotonic seconds), even while `receive` waits for a slow sink."""
        gevent.sleep(max(0.0, end - time.monotonic()))
        self._conclude(outcome, reason)

    def _conclude(self, outcome: Outcome, reason: str) -> None:
        self._collection.conclude(outcome, reason)
        if self._collection.supervisor is not None:
            self._collection.supervisor.tell(ShutDown())


def _described(reason: ExitReason) -> str:
    """Return why an actor ended; for a worker with the last lines that it wrote."""
    if not isinstance(reason, Crashed):
        return str(reason)
    if isinstance(reason.error, WorkerError) and reason.error.last_words:
        return "\n  ".join((f"{reason.error}; its last words:", *reason.error.last_words))
    return str(reason.error)
