"""The goal to know the mean well enough."""

from math import inf, sqrt
from statistics import NormalDist
from typing import Final

from attrs import define, field

from rnd_actors._validators import accepts
from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._sample import Sample

__all__ = ["MeanWithin"]

_LEAST: Final = 30
"""From so many samples on the mean is taken for normally distributed, a rule of thumb: see NIST/
SEMATECH e-Handbook of Statistical Methods, 1.3.5.2, which takes Student's t for fewer."""

_positive = accepts("a number > 0", lambda value: type(value) in (int, float) and 0 < value < inf)
_part = accepts("a probability between 0 and 1", lambda value: 0 < value < 1)


@define
class MeanWithin(Collector):
    """Collects until the confidence interval of the mean is not wider than epsilon.

    Args:
        epsilon: how wide the interval may be at most, > 0, in the unit of the values.
        confidence: the probability that such an interval holds the true mean, between 0 and 1.

    Raises:
        SettingsError: a value is out of range.

    Example:
        >>> from rnd_actors import MeanWithin
        >>> MeanWithin(epsilon=2.0).findings()
        {'mean': None, 'width': None}
    """

    epsilon: float = field(validator=_positive)
    confidence: float = field(default=0.95, validator=_part)
    _count: int = field(default=0, init=False)
    _mean: float = field(default=0.0, init=False)
    _squares: float = field(default=0.0, init=False)
    """The sum of the squared distances from the mean, updated as B. P. Welford does (1962)."""

    def is_reached(self, sample: Sample) -> bool:
        self._count += 1
        distance = sample.value - self._mean
        self._mean += distance / self._count
        self._squares += distance * (sample.value - self._mean)
        return self._count >= _LEAST and self._width() <= self.epsilon

    def progress(self) -> float:
        """Say how far it is: the width shrinks with the square root of the number of samples."""
        if self._count < _LEAST:
            return 0.0
        width = self._width()
        return min(1.0, (self.epsilon / width) ** 2) if width else 1.0

    def findings(self) -> dict[str, float | None]:
        known = self._count >= _LEAST
        return {
            "mean": self._mean if known else None,
            "width": self._width() if known else None,
        }

    def _width(self) -> float:
        quantile = NormalDist().inv_cdf((1 + self.confidence) / 2)
        return 2 * quantile * sqrt(self._squares / (self._count - 1) / self._count)
