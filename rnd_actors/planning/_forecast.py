"""What simulated runs say of a plan."""

from collections import Counter
from math import ceil, floor, inf, log10
from typing import Final

from attrs import frozen

from rnd_actors.planning._proportion import Proportion
from rnd_actors.planning._settings import PlanSettings

__all__ = ["Bar", "Forecast"]

_BARS: Final = 10
"""About so many bars make a histogram."""


@frozen
class Bar:
    """A bar of a histogram: how many runs were complete after `above_s` and within `up_to_s`.

    Example:
        >>> from rnd_actors.planning import Bar
        >>> Bar(9.0, 9.5, runs=7).runs
        7
    """

    above_s: float
    up_to_s: float
    runs: int


@frozen
class Forecast:
    """What simulated runs say of a plan.

    Example:
        >>> from rnd_actors.planning import Forecast, PlanSettings
        >>> plan = PlanSettings(samples=150, deadline=10.0, runs=10)
        >>> Forecast(plan, times=(9.5,) * 9 + (10.5,), workers_needed=16).kept.estimate
        0.9
    """

    plan: PlanSettings
    times: tuple[float, ...]
    """When each run was complete, in seconds, sorted; inf: not even at ten times the deadline."""
    workers_needed: int | None
    """The least number of workers that keeps the deadline in 99 % of the runs; None: no number."""

    @property
    def kept(self) -> Proportion:
        """In how many of the runs the deadline is kept."""
        return Proportion(sum(time <= self.plan.deadline for time in self.times), len(self.times))

    def percentile(self, percent: float) -> float:
        """Return the time within which so many of the runs, 0 to 100, are complete (nearest rank).

        It is inf if fewer ever are.
        """
        rank = max(1, ceil(len(self.times) * percent / 100))
        return self.times[rank - 1]

    def histogram(self) -> tuple[Bar, ...]:
        """Return about ten bars over the runs that were complete; the deadline divides two."""
        times = [time for time in self.times if time < inf]
        if not times:
            return ()
        deadline, width = self.plan.deadline, _round_up((times[-1] - times[0]) / _BARS)
        counts = Counter(ceil(round((time - deadline) / width, 9)) for time in times)
        return tuple(
            Bar(deadline + (number - 1) * width, deadline + number * width, counts[number])
            for number in range(min(counts), max(counts) + 1)
        )


def _round_up(width: float) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten, at least 0.01."""
    power = 10.0 ** floor(log10(max(width, 0.01)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= width)
