"""What a scaling policy sees of a run, what it answers, and what it is."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from enum import Enum
from math import inf
from typing import Final

from attrs import field, frozen

from rnd_actors._validators import accepts, require
from rnd_actors.errors import SettingsError
from rnd_actors.events import Event

_DECISIONS: Final = 60
"""How often a policy is asked before the deadline, for deadlines of 6 s to 600 s."""
_LOOKED_AT_PER_S: Final = 5_000
"""Workers: each costs some 0.01 ms."""

_is_decision = accepts(
    "what returns a Decision(start, replace, lost)", lambda value: isinstance(value, Decision)
)
_is_whole = accepts("a whole number", lambda value: type(value) is int)
_are_ids = accepts(
    "a tuple of ids, each once",
    lambda value: (
        isinstance(value, tuple)
        and all(type(each) is int for each in value)
        and len(set(value)) == len(value)
    ),
)
_is_loss = accepts(
    "a DeadlineLost(expected, missing) or None",
    lambda value: value is None or isinstance(value, DeadlineLost),
)


class Scaling(Enum):
    """The installed policies, by their names."""

    FIXED = "fixed"
    """All workers start at once."""
    DEADLINE = "deadline"
    """As few start as keep the deadline, and more as needed."""


class ScalingPolicy(ABC):
    """Decides how many workers a run has, and which of them are replaced.

    One policy serves one run, and may keep state in itself. It is asked when the run begins and
    every `decision_interval_s(deadline, workers)` seconds from then on. It sees nothing but the
    view and does nothing but answer, so that a plan can ask a copy of it in each simulated run.

    Example:
        >>> from rnd_actors.planning import PlanSettings, forecast
        >>> from rnd_actors.scaling import Decision, RunView, ScalingPolicy
        >>> class OneMoreEachSecond(ScalingPolicy):
        ...     def decide(self, view: RunView) -> Decision:
        ...         return Decision(start=1 + int(view.elapsed_s) - len(view.workers))
        >>> outlook = forecast(
        ...     PlanSettings(samples=150, deadline=20.0, policy=OneMoreEachSecond(), runs=10)
        ... )
        >>> outlook.kept.estimate, outlook.policy.most_workers
        (1.0, 16)
    """

    @property
    def only_starts(self) -> bool:
        """Whether it starts all its workers at once, and changes nothing later.

        A plan asks it but once then, and is many times as fast; a run asks it again as long as
        there is a deadline, which may be lost. By default it may change its mind.
        """
        return False

    @abstractmethod
    def decide(self, view: RunView) -> Decision:
        """Return what to do now; the run starts no more workers than the view allows."""

    def decision_on(self, view: RunView) -> Decision:
        """Ask it, and return what can be carried out.

        Raises:
            SettingsError: that is no decision, or replaces a worker that is not in the view.
        """
        decision = self.decide(view)
        require(_is_decision, "decide", decision)
        if decision.replace:
            present = {worker.id for worker in view.workers}
            for worker in decision.replace:
                if worker not in present:
                    raise SettingsError("replace", "ids of workers in the view", worker)
        return decision


@frozen(kw_only=True)
class RunView:
    """A run as a policy sees it, at one moment."""

    elapsed_s: float
    """Seconds since the first worker was started; 0.0 before that."""
    deadline_s: float | None
    """Seconds that the run may take; None: as long as it needs."""
    goal: int | None
    """How many samples the run collects; None: its goal is no number of samples."""
    samples: int
    """How many it has."""
    lines: int
    """How many lines have come: these samples, and all that do not count."""
    least: int
    """How many workers it has to have, 1 or more."""
    most: int
    """How many workers it may have."""
    workers: tuple[WorkerView, ...]
    """Those that it has, without those that were given up or stay down."""
    measured: Measured
    starts: int
    """How many incarnations there were so far, these included."""
    replaced: int
    """How many of these were replaced because they were slow."""

    @property
    def left_s(self) -> float:
        """Seconds left until the deadline, 0 or more; inf: there is none."""
        return inf if self.deadline_s is None else max(0.0, self.deadline_s - self.elapsed_s)


@frozen(kw_only=True)
class WorkerView:
    """One worker, and the samples of its present incarnation; times as in `RunView.elapsed_s`.

    Samples may arrive many together. An arrival is one or more that came at once; the first one is
    the beginning of the stream.
    """

    id: int
    started_s: float
    """When this incarnation was started; of a worker that waits for its restart: now."""
    first_s: float | None = None
    """When its first sample came; None: none has come."""
    last_s: float = 0.0
    """When its last sample came, if one has come."""
    paced: int = 0
    """How many samples came after the first arrival."""
    arrivals: int = 0
    """How many arrivals there were after the first."""
    squares: float = 0.0
    """The sum, over these, of the squared seconds since the arrival before, by the samples."""


@frozen(kw_only=True)
class Measured:
    """What a run tells of its workers: sums over all incarnations, those that live included."""

    first_samples: int = 0
    """How many of them have sent a sample."""
    starting_s: float = 0.0
    """Seconds from their starts to their first samples, of these."""
    crashes: int = 0
    """How many crashed after their first sample."""
    streamed_s: float = 0.0
    """Seconds from their first samples to their ends, or to now: some lives are not over yet."""
    paced: int = 0
    """Samples after the first of each."""
    paced_s: float = 0.0
    """Seconds in which these came: from the first sample of each to its last."""


@frozen(kw_only=True)
class Decision:
    """What a policy wants.

    Raises:
        SettingsError: this is no decision; it names the field.
    """

    start: int = field(default=0, validator=_is_whole)
    """How many workers to start, beside those that there are; not more than 0: none."""
    replace: tuple[int, ...] = field(default=(), validator=_are_ids)
    """The ids of workers whose present incarnation is ended, and a new one started at once."""
    lost: DeadlineLost | None = field(default=None, validator=_is_loss)
    """Given once: the deadline will be missed, whatever is done."""


@frozen
class DeadlineLost(Event):
    """Even all the workers that a run may have will miss the deadline, most likely.

    Args:
        expected: how many samples it will have by then.
        missing: how many it will lack.
    """

    level = logging.WARNING
    expected: int
    missing: int

    def __str__(self) -> str:
        return f"the deadline is lost: {self.expected} samples by then, {self.missing} missing"


def decision_interval_s(deadline_s: float | None, workers: int = 1) -> float:
    """Return how many seconds pass between two decisions in a run with this deadline.

    A sixtieth of the deadline, but 0.1 s at least and 10 s at most; 1 s if there is none. A
    decision looks at all workers that the run has had: it is 1 s at least for each 5,000 of them.
    """
    wanted = 1.0 if deadline_s is None else min(max(deadline_s / _DECISIONS, 0.1), 10.0)
    return max(wanted, workers / _LOOKED_AT_PER_S)
