"""A sample, and the collectors, which decide what to keep, when to stop and whom to restart.

Five are installed. Each raises a `SettingsError` if one of its values is out of range.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from math import inf, sqrt
from statistics import NormalDist
from typing import Any, ClassVar, Final

from attrs import define, field, frozen

from rnd_actors._validators import accepts, seconds, whole_number
from rnd_actors._worker_limits import MOST_WORKERS
from rnd_actors.actors import ExitReason
from rnd_actors.errors import SettingsError
from rnd_actors.scaling import ScalingPolicy


@frozen
class Sample:
    """A number that a worker sent, identified by (worker, incarnation, seq).

    Args:
        index: its place among the samples of the run, from 0.
        value: the number.
        worker: the worker's id.
        incarnation: the worker's incarnation that sent it, from 1.
        seq: its place among the samples of that incarnation, from 0.
        received_at: seconds since the epoch; setting the clock during a run does not change it.
    """

    index: int
    value: int
    worker: int
    incarnation: int
    seq: int
    received_at: float


class Collector(ABC):
    """Decides what a run collects. A subclass has to write only `is_reached`.

    One collector serves one run and keeps its state in itself: if one of its methods raises, the
    collector actor is restarted around the same collector. When a stored run is resumed, a new
    collector is shown the stored samples first.

    Example:
        >>> from rnd_actors import Collector, Sample
        >>> class TenInARow(Collector):
        ...     last = -1
        ...     rising = 0
        ...     def is_reached(self, sample: Sample) -> bool:
        ...         self.rising = self.rising + 1 if sample.value > self.last else 0
        ...         self.last = sample.value
        ...         return self.rising >= 10
    """

    counts_only: ClassVar[bool] = False
    """Whether only the number of samples matters, at most `goal`. Then samples that came together
    are accepted together, and `is_reached` is called with the last of them only, which is many
    times as fast. A subclass with its own `accepts` or `is_reached` has to set it again."""

    any_worker: ClassVar[bool] = True
    """Whether samples of any worker bring the goal nearer. If not, a scaling policy is shown no
    goal, so that all workers start."""

    goal: int | None = None
    """The number of samples to collect; None: the goal is no number of samples."""

    duration: float | None = None
    """Seconds from the first spawn until the run is complete; None: the goal is no time."""

    policy: ScalingPolicy | None = None
    """Decides how many workers there are and which are replaced; None: the settings of the run."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "counts_only" not in vars(cls) and {"accepts", "is_reached"} & vars(cls).keys():
            cls.counts_only = False

    @abstractmethod
    def is_reached(self, sample: Sample) -> bool:
        """Return whether the run is complete; called with each sample that was accepted.

        The `index` of the sample is the number of those that were accepted before it.
        """

    def accepts(self, sample: Sample) -> bool:
        """Return whether a sample counts; one that is refused is surplus."""
        return True

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        """Return whether to restart this worker, which went down for that reason."""
        return True

    def attainable(self, workers: Set[int]) -> int | None:
        """Return how many samples can count in the end, those so far included; None: any number.

        A run fails when they have come, and are fewer than its `goal`.

        Args:
            workers: the ids of the workers that are at work, as if no more were ever added.

        Example:
            >>> from rnd_actors.collectors import WorkerQuota
            >>> WorkerQuota(quota=10, workers=3).attainable({1, 3})
            20
        """
        return None

    def change_goal(self, goal: int) -> None:
        """Take another number of samples as the goal while the run goes on.

        Raises:
            SettingsError: the goal is not a number of samples that can be changed: what this
                method does unless a subclass has its own.
        """
        kind = type(self).__name__
        raise SettingsError("goal", f"none: the goal of {kind} cannot be changed", goal)

    def progress(self) -> float:
        """Return the share of the goal that is reached, 0.0 to 1.0; 0.0 if it is unknown."""
        return 0.0

    def findings(self) -> Mapping[str, float | int | str | None]:
        """Return findings by name, which become part of the result, complete or not."""
        return {}


@define
class SampleCount(Collector):
    """Collects exactly `goal` samples.

    Args:
        goal: the number of samples, 1 or more.
    """

    counts_only: ClassVar[bool] = True

    goal: int = field(validator=whole_number(1, 10**9))
    _accepted: int = field(default=0, init=False)

    def is_reached(self, sample: Sample) -> bool:
        self._accepted = sample.index + 1
        return self._accepted >= self.goal

    def change_goal(self, goal: int) -> None:
        self.goal = goal

    def progress(self) -> float:
        return self._accepted / self.goal


@define
class WorkerQuota(Collector):
    """Collects the same number of samples of each worker; what a worker sends beyond is surplus.

    It needs all its workers: with any `scale` they start at once. If some have left or are given up
    before they have sent their share, and no new ones take their places, the run fails as soon as
    the others have sent theirs.

    Args:
        quota: samples of each worker, 1 or more.
        workers: how many workers the run has, 1 to 1000, or to 10000 with a cluster.
    """

    any_worker: ClassVar[bool] = False

    quota: int = field(validator=whole_number(1, 10**9))
    workers: int = field(default=16, validator=whole_number(1, MOST_WORKERS))
    goal: int = field(init=False)
    _accepted: Counter[int] = field(factory=Counter, init=False)
    _total: int = field(default=0, init=False)

    @goal.default
    def _all(self) -> int:
        return self.quota * self.workers

    def accepts(self, sample: Sample) -> bool:
        if self._accepted[sample.worker] >= self.quota:
            return False
        self._accepted[sample.worker] += 1
        self._total += 1
        return True

    def is_reached(self, sample: Sample) -> bool:
        return self._total >= self.goal

    def attainable(self, workers: Set[int]) -> int:
        return self._total + sum(self.quota - self._accepted[each] for each in workers)

    def progress(self) -> float:
        return self._total / self.goal


@define
class FixedTime(Collector):
    """Collects whatever comes for a fixed time.

    Args:
        duration: seconds from the first spawn, > 0; breaks of a resumed run do not count.
    """

    counts_only: ClassVar[bool] = True

    duration: float = field(validator=seconds)

    def is_reached(self, sample: Sample) -> bool:
        return False


def _numbers(values: Iterable[int]) -> frozenset[int]:
    return frozenset(values)


@define
class EveryValue(Collector):
    """Collects until every value of a set was seen.

    Args:
        values: the values to see, at least one whole number.
    """

    values: frozenset[int] = field(
        converter=_numbers, validator=accepts("whole numbers, at least one", bool)
    )
    _missing: set[int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._missing = set(self.values)

    def is_reached(self, sample: Sample) -> bool:
        self._missing.discard(sample.value)
        return not self._missing

    def progress(self) -> float:
        return 1.0 - len(self._missing) / len(self.values)

    def findings(self) -> dict[str, int]:
        return {"missing": len(self._missing)}


_LEAST_FOR_A_MEAN: Final = 30
"""From this number of samples on, the mean counts as normally distributed: a rule of thumb of the
NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.2, which takes Student's t for fewer."""

_positive = accepts("a number > 0", lambda value: type(value) in (int, float) and 0 < value < inf)
_fraction = accepts("a probability between 0 and 1", lambda value: 0 < value < 1)


@define
class MeanWithin(Collector):
    """Collects until the confidence interval of the mean is not wider than epsilon.

    Args:
        epsilon: the widest interval that reaches the goal, > 0, in the unit of the values.
        confidence: the probability that such an interval holds the true mean, between 0 and 1.
    """

    epsilon: float = field(validator=_positive)
    confidence: float = field(default=0.95, validator=_fraction)
    _count: int = field(default=0, init=False)
    _mean: float = field(default=0.0, init=False)
    _squares: float = field(default=0.0, init=False)
    """The sum of the squared distances from the mean, updated as B. P. Welford does (1962)."""

    def is_reached(self, sample: Sample) -> bool:
        self._count += 1
        distance = sample.value - self._mean
        self._mean += distance / self._count
        self._squares += distance * (sample.value - self._mean)
        width = self._width()
        return width is not None and width <= self.epsilon

    def progress(self) -> float:
        """Return the share of the samples needed: the width shrinks with their square root."""
        width = self._width()
        if width is None:
            return 0.0
        return min(1.0, (self.epsilon / width) ** 2) if width else 1.0

    def findings(self) -> dict[str, float | None]:
        width = self._width()
        return {"mean": None if width is None else self._mean, "width": width}

    def _width(self) -> float | None:
        """Return the width of the confidence interval; None for too few samples."""
        if self._count < _LEAST_FOR_A_MEAN:
            return None
        quantile = NormalDist().inv_cdf((1 + self.confidence) / 2)
        return 2 * quantile * sqrt(self._squares / (self._count - 1) / self._count)
