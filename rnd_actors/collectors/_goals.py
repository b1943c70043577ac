"""The five installed goals: collectors that decide when a run is complete.

Each raises a `SettingsError` if one of its values is out of range.
"""

from collections import Counter
from collections.abc import Iterable
from math import inf, sqrt
from statistics import NormalDist
from typing import ClassVar, Final

from attrs import define, field

from rnd_actors._validators import accepts, seconds, whole_number
from rnd_actors.collectors._collector import Collector, Sample


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

    def progress(self) -> float:
        return self._accepted / self.goal


@define
class WorkerQuota(Collector):
    """Collects the same number of samples of each worker; what a worker sends beyond is surplus.

    Args:
        quota: samples of each worker, 1 or more.
        workers: how many workers the run has, 1 to 1000.
    """

    quota: int = field(validator=whole_number(1, 10**9))
    workers: int = field(default=16, validator=whole_number(1, 1000))
    goal: int = field(init=False)
    _accepted: Counter[int] = field(factory=Counter, init=False)

    @goal.default
    def _all(self) -> int:
        return self.quota * self.workers

    def accepts(self, sample: Sample) -> bool:
        if self._accepted[sample.worker] >= self.quota:
            return False
        self._accepted[sample.worker] += 1
        return True

    def is_reached(self, sample: Sample) -> bool:
        return self._accepted.total() >= self.goal

    def progress(self) -> float:
        return self._accepted.total() / self.goal


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
