"""The messages of the collector actor, and its events."""

import logging
from typing import TypeAlias

from attrs import frozen

from rnd_actors._printing import ranges
from rnd_actors.actors import Request, Terminated
from rnd_actors.collectors._collector import Sample
from rnd_actors.collectors._result import Outcome
from rnd_actors.events import Event
from rnd_actors.supervision import Delegated
from rnd_actors.workers import Samples


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


@frozen
class RunScaled(Event):
    """A run has another number of workers.

    Args:
        workers: how many are at work now: those that leave, rest or are given up do not count.
        started: the ids of the new ones.
        draining: the ids of those that leave.
    """

    level = logging.INFO
    workers: int
    started: tuple[int, ...]
    draining: tuple[int, ...]

    def __str__(self) -> str:
        parts = [f"the run has {self.workers} worker{'' if self.workers == 1 else 's'} now"]
        if self.started:
            parts.append(f"new: {ranges(self.started)}")
        if self.draining:
            parts.append(f"leaving: {ranges(self.draining)}")
        return "; ".join(parts)


@frozen
class WorkerDrained(Event):
    """A worker that was to leave the run is gone; its samples count."""

    level = logging.INFO
    worker: int

    def __str__(self) -> str:
        return f"worker {self.worker} has left the run"


@frozen
class GoalChanged(Event):
    """A run has another number of samples as its goal.

    Args:
        goal: in samples.
        progress: the share of it that is reached, 0.0 to 1.0.
    """

    level = logging.INFO
    goal: int
    progress: float

    def __str__(self) -> str:
        return f"the goal is {self.goal} samples now"


@frozen
class GoalOutOfReach(Event):
    """The workers that are at work cannot send all that the goal of a run needs.

    When they have sent what they can the run fails, unless there are more workers by then.

    Args:
        missing: samples that none of them can send.
    """

    level = logging.WARNING
    missing: int

    def __str__(self) -> str:
        return (
            f"the goal is out of reach: the workers cannot send {self.missing} of its samples; "
            "with more workers the run can go on"
        )


@frozen
class DeadlineChanged(Event):
    """A run has another deadline: seconds from the first spawn; None: no limit."""

    level = logging.INFO
    deadline_s: float | None

    def __str__(self) -> str:
        if self.deadline_s is None:
            return "the run has no deadline any more"
        return f"the deadline is {self.deadline_s:g} s now"


@frozen
class WorkerReplaced(Event):
    """A worker was slow: its incarnation has ended, and the next one takes its place. No crash.

    Args:
        worker: the worker's id.
        rate_per_s: lines a second of this incarnation, from its first one on.
    """

    level = logging.INFO
    worker: int
    rate_per_s: float

    def __str__(self) -> str:
        return f"worker {self.worker} is replaced: {self.rate_per_s:.2g} samples a second"


@frozen
class Conclude:
    """Message to the collector actor: end the run now, with the samples that it has."""

    outcome: Outcome
    reason: str


@frozen
class Scale(Request[RunScaled]):
    """Message to the collector actor: have another number of workers.

    Workers that are missing are started, with the next ids. Those that are too many are drained:
    each is stopped in order, what it has sent counts, and nobody restarts it.

    Args:
        workers: how many there are to be, 1 to 1000, or to 10000 with a cluster; with `relative`,
            how many more (or fewer).
        relative: whether `workers` is a difference.
        drain: the ids of workers that leave in any case; of the others the newest go first.

    Raises:
        ActorDeadError: the run has no workers: it has not begun, or it ends.
        SettingsError: the number is out of range, or the system does not allow so many.
        UnknownChildError: one of `drain` is not at work.
    """

    workers: int
    relative: bool = False
    drain: tuple[int, ...] = ()


@frozen
class ChangeGoal(Request[GoalChanged]):
    """Message to the collector actor: collect another number of samples.

    The run is complete at once if so many have come exactly.

    Raises:
        ActorDeadError: the run ends already.
        SettingsError: more samples have come already, or the goal of the collector is no number of
            samples.
    """

    goal: int


@frozen
class Look:
    """Message of the collector actor to itself: it is time to ask the policy."""


@frozen
class CheckReach:
    """Message of the collector actor to itself: who is at work has changed."""


@frozen
class Decide:
    """Message of the collector actor to itself: ask the policy now."""


CollectorMessage: TypeAlias = (
    Samples | Delegated | Terminated | Conclude | Scale | ChangeGoal | CheckReach | Look | Decide
)
"""The messages that a `CollectorActor` accepts."""
