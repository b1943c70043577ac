"""Forecasts: many simulated runs of a plan, and what they tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from math import ceil, floor, inf, log10, sqrt
from statistics import fmean
from typing import Final, TypeAlias

from attrs import evolve, frozen

from rnd_actors.planning._run import PlannedRun, planned_run
from rnd_actors.planning._settings import PlanSettings
from rnd_actors.scaling import ScalingPolicy

_LATEST: Final = 10.0
"""A simulated run is given up after this multiple of the deadline."""
_MISSED: Final = 0.01
"""The share of runs that may miss the deadline if there are enough workers."""
_BARS: Final = 10
"""A histogram has about this number of bars."""
_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: both limits together leave out 5 %."""

PlanProgress: TypeAlias = Callable[[str, int, int], object]
"""Called before each run with words for people, how many runs are done, and of how many."""


def forecast(plan: PlanSettings, progress: PlanProgress = lambda *_: None) -> Forecast:
    """Simulate the runs of a plan and return the forecast.

    The same plan gives the same forecast: run number i has the seed i, from 0.

    Args:
        plan: the plan to simulate.
        progress: called before each run.

    Example:
        >>> from rnd_actors.planning import PlanSettings, forecast
        >>> outlook = forecast(PlanSettings(samples=150, deadline=10.0, runs=10))
        >>> outlook.kept.estimate, round(outlook.percentile(50), 2), outlook.workers_needed
        (1.0, 9.05, 15)
    """
    runs = tuple(_runs(plan, plan.deadline * _LATEST, progress))
    return Forecast(plan, runs, _least(plan, runs, progress))


def compare(
    plan: PlanSettings, policies: Iterable[ScalingPolicy], progress: PlanProgress = lambda *_: None
) -> tuple[PolicyForecast, ...]:
    """Simulate the runs of a plan with each of these policies instead of its own.

    The workers of run number i have the same random numbers with all of them.
    """
    plans = [evolve(plan, policy=policy) for policy in policies]
    return tuple(
        PolicyForecast.of(each, tuple(_runs(each, plan.deadline, progress))) for each in plans
    )


@frozen
class PolicyForecast:
    """How likely a policy keeps the deadline of a plan, and with how many workers."""

    policy: ScalingPolicy
    kept: Proportion
    """The proportion of the runs that keep the deadline."""
    most_workers: int
    """The most workers at once in any run."""
    mean_workers: float
    """The mean over the runs of the most workers at once."""
    mean_replaced: float
    """The mean number of incarnations in a run that were replaced because they were slow."""

    @classmethod
    def of(cls, plan: PlanSettings, runs: Sequence[PlannedRun]) -> PolicyForecast:
        """Return what these runs of a plan tell of its policy."""
        return cls(
            plan.policy,
            Proportion(sum(run.elapsed_s <= plan.deadline for run in runs), len(runs)),
            max(run.most_workers for run in runs),
            fmean(run.most_workers for run in runs),
            fmean(run.replaced for run in runs),
        )


@frozen
class Forecast:
    """The simulated runs of a plan, and the workers that it needs."""

    plan: PlanSettings
    runs: tuple[PlannedRun, ...]
    workers_needed: int | None
    """The least number of workers that keeps the deadline in 99 % of the runs; None: no number."""

    @property
    def times(self) -> tuple[float, ...]:
        """When each run was complete, in seconds, sorted; inf: never in ten times the deadline."""
        return tuple(sorted(run.elapsed_s for run in self.runs))

    @property
    def policy(self) -> PolicyForecast:
        """The number of workers, of replacements and of kept deadlines."""
        return PolicyForecast.of(self.plan, self.runs)

    @property
    def kept(self) -> Proportion:
        """The proportion of the runs that keep the deadline."""
        return self.policy.kept

    def percentile(self, percent: float) -> float:
        """Return the time within which that part of the runs, 0 to 100, is complete.

        It is the time of a run (nearest rank), without interpolation, since some may be inf.
        """
        rank = max(1, ceil(len(self.runs) * percent / 100))
        return self.times[rank - 1]

    def histogram(self) -> tuple[ForecastBar, ...]:
        """Return about ten bars over the runs that were complete; the deadline divides two."""
        times = [time for time in self.times if time < inf]
        if not times:
            return ()
        deadline, width = self.plan.deadline, _round_up((times[-1] - times[0]) / _BARS)
        counts = Counter(ceil(round((time - deadline) / width, 9)) for time in times)
        return tuple(
            ForecastBar(deadline + (number - 1) * width, deadline + number * width, counts[number])
            for number in range(min(counts), max(counts) + 1)
        )


def _round_up(width: float) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten, at least 0.01."""
    power = 10.0 ** floor(log10(max(width, 0.01)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= width)


@frozen
class ForecastBar:
    """A bar of a histogram: how many runs were complete after `above_s` and within `up_to_s`."""

    above_s: float
    up_to_s: float
    runs: int


@frozen
class Proportion:
    """A number of hits among a number of trials, and how sure one can be of their probability."""

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


def _runs(
    plan: PlanSettings, latest_s: float, progress: PlanProgress, seeds: Sequence[int] = ()
) -> Iterator[PlannedRun]:
    words = f"simulating {plan.runs} runs with up to {plan.workers} workers"
    for done, seed in enumerate(seeds or range(plan.runs)):
        progress(words, done, plan.runs)
        yield planned_run(plan, deepcopy(plan.policy), seed, latest_s)


def _least(plan: PlanSettings, runs: Sequence[PlannedRun], progress: PlanProgress) -> int | None:
    """Return the least number of workers that is enough, searched for from that of the plan on.

    The runs that took longest are simulated first: they tell soonest that a number is too low.
    """
    slowest = sorted(range(plan.runs), key=lambda seed: -runs[seed].elapsed_s)

    def are_enough(runs: Iterable[PlannedRun]) -> bool:
        missed = 0
        for run in runs:
            missed += run.elapsed_s > plan.deadline
            if missed > _MISSED * plan.runs:
                return False
        return True

    def enough(workers: int) -> bool:
        least_workers = min(plan.least_workers, workers)
        other = evolve(plan, workers=workers, least_workers=least_workers)
        return are_enough(_runs(other, plan.deadline, progress, slowest))

    is_enough = are_enough(runs)
    many = max(run.most_workers for run in runs) if is_enough else plan.workers
    too_few, step = 0, 1
    while not is_enough:
        if many == plan.most_sought:
            return None
        too_few, many, step = many, min(many + step, plan.most_sought), 2 * step
        is_enough = enough(many)
    while many - too_few > 1:
        middle = (too_few + many) // 2
        if enough(middle):
            many = middle
        else:
            too_few = middle
    return many
