"""The collector actor: counts what the workers send, and does what its collector decides."""

import logging
import time
from collections.abc import Sequence
from typing import TypeAlias

import gevent
from attrs import frozen

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ChildDown,
    ChildGivenUp,
    ChildUp,
    Crashed,
    Delegated,
    Event,
    ExitReason,
    RestartChild,
    ShutDown,
    Terminated,
)
from rnd_actors.collecting._collection import Collection
from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._result import Outcome
from rnd_actors.collecting._sample import Accepted, Sample, SamplesAccepted
from rnd_actors.errors import WorkerError
from rnd_actors.workers import Samples

__all__ = ["CollectorActor", "CollectorMessage", "Conclude", "WorkerGivenUp"]


@frozen
class Conclude:
    """Message to the collector actor: end the run now, with the samples that it has.

    Example:
        >>> from rnd_actors import Conclude, Outcome
        >>> Conclude(Outcome.INTERRUPTED, "it was told to stop").outcome.value
        'interrupted'
    """

    outcome: Outcome
    reason: str


CollectorMessage: TypeAlias = Samples | Delegated | Terminated | Conclude
"""The messages that a `CollectorActor` accepts."""


class CollectorActor(Actor[CollectorMessage]):
    """Receives `Samples`, decides on every worker that goes down, and ends the run.

    It is the decider of the workers' supervisor, which it learns from `ChildUp`. Samples that
    arrive after the run is concluded are surplus.

    Args:
        collector: decides what is accepted, when the goal is reached and who is restarted.
        collection: keeps the samples and the ledger.
        deadline: seconds from the first spawn after which the run is concluded; None: none.
        sinks: actors that are sent every accepted sample; the end of one ends the run.

    Example:
        >>> from rnd_actors import ActorSystem, ChildSpec, Samples
        >>> from rnd_actors import Collection, CollectorActor, SampleCount
        >>> collection = Collection.of({3: 3003})
        >>> make = lambda: CollectorActor(SampleCount(1), collection)
        >>> with ActorSystem() as system:
        ...     collector = system.start(ChildSpec("collector", make, drain=True))
        ...     collector.tell(Samples(3, 1, 0, (42,), malformed=0, received=1, received_at=0.5))
        >>> collection.result(goal=1, deadline_s=None).values
        (42,)
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
        if self._collection.started_at is not None:
            self._arm_timers(self._collection.started_at)

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
        """Accept as many as the goal still needs; make a `Sample` of each for sinks alone."""
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
        self.publish(
            SamplesAccepted(
                worker=last.worker,
                accepted=number,
                last_value=last.value,
                total=last.index + 1,
                progress=self._progress(),
            )
        )

    def _progress(self) -> float:
        """Return the share of the goal that is reached; the clock tells that of a duration."""
        duration, started_at = self._collector.duration, self._collection.started_at
        if duration is None or started_at is None:
            return self._collector.progress()
        elapsed_s = self._collection.earlier_s + time.monotonic() - started_at
        return min(1.0, elapsed_s / duration)

    def _worker_up(self, up: ChildUp) -> None:
        first = self._collection.started_at is None
        self._collection.worker_up(up)
        if first and self._collection.started_at is not None:
            self._arm_timers(self._collection.started_at)
        if self._collection.conclusion is not None:
            up.supervisor.tell(ShutDown())

    def _worker_down(self, down: ChildDown) -> None:
        self._collection.worker_down(down)
        if self._collection.conclusion is not None:
            return
        restart = True
        try:
            restart = self._collector.restarts(int(down.child_id), down.reason)
        finally:
            if restart:
                down.supervisor.tell(RestartChild(down.child_id))
            else:
                self._let_rest(int(down.child_id), down.reason)

    def _give_up(self, worker: int, reason: ExitReason) -> None:
        tally = self._collection.workers[worker]
        tally.given_up = True
        self.publish(WorkerGivenUp(worker, tally.last_exit or str(reason), tally.last_words))
        self._let_rest(worker, reason)

    def _let_rest(self, worker: int, reason: ExitReason) -> None:
        self._collection.workers[worker].rests = True
        if self._collection.all_rest:
            words = f"no worker is left; the last one: {_described(reason)}"
            self._conclude(Outcome.FAILED, words)

    def _arm_timers(self, started_at: float) -> None:
        if self._deadline is not None:
            reason = f"the deadline of {self._deadline:g} s has passed"
            self.background(
                self._conclude_at, started_at + self._deadline, Outcome.DEADLINE, reason
            )
        if (duration := self._collector.duration) is not None:
            end = started_at + duration - self._collection.earlier_s
            self.background(self._conclude_at, end, Outcome.COMPLETE, f"{duration:g} s are over")

    def _conclude_at(self, end: float, outcome: Outcome, reason: str) -> None:
        """Conclude at `end` (monotonic seconds), past the mailbox and the wait for a slow sink."""
        gevent.sleep(max(0.0, end - time.monotonic()))
        self._conclude(outcome, reason)

    def _conclude(self, outcome: Outcome, reason: str) -> None:
        self._collection.conclude(outcome, reason)
        if self._collection.supervisor is not None:
            self._collection.supervisor.tell(ShutDown())


@frozen
class WorkerGivenUp(Event):
    """A worker's restart budget is spent, so it stays down for the rest of the run.

    Args:
        worker: the worker's id.
        last_exit: why it went down for the last time.
        last_words: the last 20 lines that it wrote to stdout or stderr.

    Example:
        >>> from rnd_actors import WorkerGivenUp
        >>> print(WorkerGivenUp(3, "worker 3 exited with code 2", ("panic:", "out of luck")))
        worker 3 is given up: worker 3 exited with code 2; its last words: panic: | out of luck
    """

    level = logging.ERROR
    worker: int
    last_exit: str
    last_words: tuple[str, ...]

    def __str__(self) -> str:
        words = f"; its last words: {' | '.join(self.last_words)}" if self.last_words else ""
        return f"worker {self.worker} is given up: {self.last_exit}{words}"


def _described(reason: ExitReason) -> str:
    """Return why an actor ended; for a worker with the last lines that it wrote."""
    if not isinstance(reason, Crashed):
        return str(reason)
    if isinstance(reason.error, WorkerError) and reason.error.last_words:
        return "\n  ".join((f"{reason.error}; its last words:", *reason.error.last_words))
    return str(reason.error)
