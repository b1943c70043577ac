"""The forecast of a plan: the real supervisor, workers and collector run it in virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil, floor, inf, log10, sqrt
from typing import Final, TypeAlias

from attrs import evolve, frozen

from rnd_actors.collecting import Outcome
from rnd_actors.planning._plan import MOST_WORKERS, PlanSettings
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import simulate

__all__ = ["Bar", "Forecast", "Proportion", "forecast"]

_LATEST: Final = 10.0
"""A simulated run is given up after this multiple of the deadline."""
_MISSED: Final = 0.01
"""The share of runs that may miss the deadline if there are enough workers."""
_BARS: Final = 10
"""A histogram has about this number of bars."""
_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: both limits together leave out 5 %."""

Progress: TypeAlias = Callable[[str], object]


def forecast(plan: PlanSettings, progress: Progress = lambda _: None) -> Forecast:
    """Simulate the runs of a plan and return the forecast.

    The same plan gives the same forecast: run number i has the seed i, from 0.

    Args:
        plan: the plan to simulate.
        progress: called before each run, with words for people.

    Example:
        >>> from rnd_actors.planning import PlanSettings, forecast
        >>> outlook = forecast(PlanSettings(samples=150, deadline=10.0, runs=10))
        >>> outlook.kept.estimate, round(outlook.percentile(50), 2), outlook.workers_needed
        (1.0, 9.05, 15)
    """
    times = tuple(sorted(_times(plan, plan.deadline * _LATEST, progress)))
    missed = sum(time > plan.deadline for time in times)
    return Forecast(plan, times, _least(plan, missed <= _MISSED * plan.runs, progress))


@frozen
class Forecast:
    """The times that the simulated runs of a plan took, and the workers that it needs.

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
        """The proportion of the runs that keep the deadline."""
        return Proportion(sum(time <= self.plan.deadline for time in self.times), len(self.times))

    def percentile(self, percent: float) -> float:
        """Return the time within which that part of the runs, 0 to 100, is complete.

        It is the time of a run (nearest rank), without interpolation, since some may be inf.
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
class Proportion:
    """A number of hits among a number of trials, and how sure one can be of their probability.

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

    def agrees_with(self, other: Proportion) -> bool:
        """Return whether the confidence limits of both overlap."""
        return self.limits[0] <= other.limits[1] and other.limits[0] <= self.limits[1]


def _times(plan: PlanSettings, deadline: float, progress: Progress) -> Iterator[float]:
    """Give the time of each run, inf if it missed this deadline."""
    patient = RunSettings()
    settings = RunSettings(
        samples=plan.samples,
        workers=plan.workers,
        deadline=deadline,
        start_timeout=patient.start_timeout + plan.figures.startup,
        stall_timeout=patient.stall_timeout + 1 / plan.figures.rate,
    )
    law = plan.figures.law()
    for seed in range(plan.runs):
        progress(f"simulating run {seed + 1} of {plan.runs} with {plan.workers} workers")
        result = simulate(lambda _: run(settings, spawn=law), seed).result
        yield result.elapsed_s if result.outcome is Outcome.COMPLETE else inf


def _least(plan: PlanSettings, are_enough: bool, progress: Progress) -> int | None:  # noqa: FBT001
    """Search for the least number of workers that is enough, from that of the plan on.

    Args:
        plan: the plan.
        are_enough: whether the workers of the plan are enough.
        progress: called before each run, with words for people.
    """

    def enough(workers: int) -> bool:
        missed = 0
        for time in _times(evolve(plan, workers=workers), plan.deadline, progress):
            missed += time > plan.deadline
            if missed > _MISSED * plan.runs:
                return False
        return True

    too_few, many, step = 0, plan.workers, 1
    while not are_enough:
        if many == MOST_WORKERS:
            return None
        too_few, many, step = many, min(many + step, MOST_WORKERS), 2 * step
        are_enough = enough(many)
    while many - too_few > 1:
        middle = (too_few + many) // 2
        if enough(middle):
            many = middle
        else:
            too_few = middle
    return many


def _round_up(width: float) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten, at least 0.01."""
    power = 10.0 ** floor(log10(max(width, 0.01)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= width)
