"""Plans: how likely a deadline is kept, and with how many workers, before anything is run.

The real supervisor, workers and collector run a plan in virtual time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil, floor, inf, log10, sqrt
from typing import Any, Final, Self, TypeAlias

from attrs import evolve, field, frozen

from rnd_actors._validators import delay, optional, rate, seconds, whole_number
from rnd_actors.collectors import Outcome
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import SimulatedWorker, simulate

__all__ = ["Forecast", "ForecastBar", "PlanSettings", "Proportion", "WorkerProfile", "forecast"]

_MOST_WORKERS: Final = 1000
_LATEST: Final = 10.0
"""A simulated run is given up after this multiple of the deadline."""
_MISSED: Final = 0.01
"""The share of runs that may miss the deadline if there are enough workers."""
_BARS: Final = 10
"""A histogram has about this number of bars."""
_Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: both limits together leave out 5 %."""

_Progress: TypeAlias = Callable[[str], object]


def forecast(plan: PlanSettings, progress: _Progress = lambda _: None) -> Forecast:
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
    are_enough = missed <= _MISSED * plan.runs
    return Forecast(plan, times, _least(plan, are_enough=are_enough, progress=progress))


@frozen(kw_only=True)
class WorkerProfile:
    """How fast workers are, how often they crash and how soon they send their first number.

    Args:
        rate: numbers a second of one worker, > 0.
        mtbf: mean seconds from the first number to a crash, exponentially distributed; None: they
            never crash.
        startup: seconds from a start to the first number.

    Raises:
        SettingsError: a value is out of range; it names the figure.
    """

    rate: float = field(default=1.0, validator=rate)
    mtbf: float | None = field(default=None, validator=optional(seconds))
    startup: float = field(default=0.05, validator=delay)

    @classmethod
    def measured(cls, workers: Iterable[Mapping[str, Any]]) -> Self:
        """Return the figures of a run, from the `workers` of its result as JSON.

        A figure that the run cannot tell keeps its default.

        Raises:
            KeyError, TypeError: these are no workers of a result.
        """
        workers = tuple(workers)
        crashes = sum(worker["crashes"] for worker in workers)
        figures = {
            "rate": _mean(workers, "rate_per_s", "streamed_s"),
            "mtbf": sum(worker["streamed_s"] for worker in workers) / crashes if crashes else None,
            "startup": _mean(workers, "startup_s", "starts"),
        }
        return cls(**{name: figure for name, figure in figures.items() if figure is not None})

    def simulated(self) -> SimulatedWorker:
        """Return simulated workers with these figures."""
        lifetime = None
        if self.mtbf is not None:
            crashes_per_s = 1 / self.mtbf
            lifetime = lambda: self.startup + random.expovariate(crashes_per_s)  # noqa: E731
        return SimulatedWorker(rate=self.rate, startup=self.startup, lifetime=lifetime)


def _mean(workers: Iterable[Mapping[str, Any]], figure: str, weight: str) -> float | None:
    """Return the weighted mean of a figure over the workers that have it; None: none has."""
    known = [(worker[figure], worker[weight]) for worker in workers if worker[figure] is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


@frozen(kw_only=True)
class PlanSettings:
    """A plan to simulate.

    Args:
        samples: how many are needed, 1 or more.
        deadline: seconds that they may take, > 0.
        workers: how many workers there are, 1 to 1000.
        profile: rate, crashes and start-up of the workers.
        runs: how many runs are simulated, 10 or more.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    samples: int = field(validator=whole_number(1, 10**9))
    deadline: float = field(validator=seconds)
    workers: int = field(default=16, validator=whole_number(1, _MOST_WORKERS))
    profile: WorkerProfile = WorkerProfile()
    runs: int = field(default=200, validator=whole_number(10, 10**6))


@frozen
class Forecast:
    """The times that the simulated runs of a plan took, and the workers that it needs."""

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


def _times(plan: PlanSettings, deadline: float, progress: _Progress) -> Iterator[float]:
    """Give the time of each run, inf if it missed this deadline."""
    patient = RunSettings()
    settings = RunSettings(
        samples=plan.samples,
        workers=plan.workers,
        deadline=deadline,
        start_timeout=patient.start_timeout + plan.profile.startup,
        stall_timeout=patient.stall_timeout + 1 / plan.profile.rate,
    )
    model = plan.profile.simulated()
    for seed in range(plan.runs):
        progress(f"simulating run {seed + 1} of {plan.runs} with {plan.workers} workers")
        result = simulate(lambda _: run(settings, spawn=model), seed).result
        yield result.elapsed_s if result.outcome is Outcome.COMPLETE else inf


def _least(plan: PlanSettings, *, are_enough: bool, progress: _Progress) -> int | None:
    """Return the least number of workers that is enough, searched for from that of the plan on."""

    def enough(workers: int) -> bool:
        missed = 0
        for time in _times(evolve(plan, workers=workers), plan.deadline, progress):
            missed += time > plan.deadline
            if missed > _MISSED * plan.runs:
                return False
        return True

    too_few, many, step = 0, plan.workers, 1
    while not are_enough:
        if many == _MOST_WORKERS:
            return None
        too_few, many, step = many, min(many + step, _MOST_WORKERS), 2 * step
        are_enough = enough(many)
    while many - too_few > 1:
        middle = (too_few + many) // 2
        if enough(middle):
            many = middle
        else:
            too_few = middle
    return many
