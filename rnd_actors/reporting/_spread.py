"""How numbers are spread."""

from collections.abc import Sequence
from math import ceil, floor, fsum, sqrt
from statistics import fmean

from attrs import frozen

__all__ = ["Spread"]


@frozen
class Spread:
    """Mean, standard deviation and quantiles; None where there are too few numbers.

    Example:
        >>> from rnd_actors.reporting import Spread
        >>> spread = Spread.of([4, 1, 3, 2])
        >>> spread.count, spread.mean, spread.minimum, spread.median, spread.maximum
        (4, 2.5, 1, 2.5, 4)
    """

    count: int
    mean: float | None = None
    deviation: float | None = None
    """The standard deviation of a sample (n - 1); None for fewer than two numbers."""
    minimum: float | None = None
    lower_quartile: float | None = None
    median: float | None = None
    upper_quartile: float | None = None
    percentile_95: float | None = None
    maximum: float | None = None

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        """Return the spread of numbers; quantiles are interpolated linearly."""
        if not numbers:
            return cls(0)
        ordered = sorted(numbers)
        mean = fmean(ordered)
        return cls(
            count=len(ordered),
            mean=mean,
            deviation=_deviation(ordered, mean) if len(ordered) > 1 else None,
            minimum=ordered[0],
            lower_quartile=_quantile(ordered, 0.25),
            median=_quantile(ordered, 0.5),
            upper_quartile=_quantile(ordered, 0.75),
            percentile_95=_quantile(ordered, 0.95),
            maximum=ordered[-1],
        )


def _deviation(numbers: Sequence[float], mean: float) -> float:
    return sqrt(fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))


def _quantile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    below, above = ordered[floor(position)], ordered[ceil(position)]
    return below + (above - below) * (position - floor(position))
