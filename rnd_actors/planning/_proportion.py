"""How sure one can be of a probability that was estimated from so many trials."""

from math import sqrt
from typing import Final

from attrs import frozen

__all__ = ["Proportion"]

_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: both limits together leave out 5 %."""


@frozen
class Proportion:
    """So many of so many trials.

    Example:
        >>> from rnd_actors.planning import Proportion
        >>> kept = Proportion(98, 100)
        >>> kept.estimate, [round(limit, 3) for limit in kept.limits]
        (0.98, [0.93, 0.994])
    """

    hits: int
    trials: int

    @property
    def estimate(self) -> float:
        """The share of hits, 0 to 1."""
        return self.hits / self.trials

    @property
    def limits(self) -> tuple[float, float]:
        """The 95 % confidence limits (Wilson, "Probable inference", JASA 1927)."""
        n, share, z2 = self.trials, self.estimate, _Z * _Z
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = _Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def agrees_with(self, other: "Proportion") -> bool:
        """Say whether the confidence limits of both overlap."""
        return self.limits[0] <= other.limits[1] and other.limits[0] <= self.limits[1]
