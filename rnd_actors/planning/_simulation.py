"""The simulated runs of a plan: the real supervisor, worker actors and collector."""

from collections.abc import Callable, Iterator
from math import inf
from typing import Final, TypeAlias

from attrs import evolve

from rnd_actors.collecting import Outcome
from rnd_actors.planning._forecast import Forecast
from rnd_actors.planning._settings import MOST_WORKERS, PlanSettings
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import simulate

__all__ = ["forecast"]

_LATEST: Final = 10.0
"""How many times the deadline a simulated run is waited for."""
_MISSED: Final = 0.01
"""The share of runs that may miss the deadline if there are enough workers."""
_PATIENCE_S: Final = 5.0
"""What `RunSettings` has by default as a limit for starting and for silence."""

Progress: TypeAlias = Callable[[str], object]


def forecast(plan: PlanSettings, progress: Progress = lambda _: None) -> Forecast:
    """Simulate the runs of a plan and say what came of them.

    The same plan gives the same forecast: run number i has the seed i, from 0.

    Args:
        plan: what to simulate.
        progress: told in words what is being simulated.

    Example:
        >>> from rnd_actors.planning import PlanSettings, forecast
        >>> outlook = forecast(PlanSettings(samples=150, deadline=10.0, runs=10))
        >>> outlook.kept.estimate, round(outlook.percentile(50), 2), outlook.workers_needed
        (1.0, 9.05, 15)
    """
    times = tuple(sorted(_times(plan, plan.deadline * _LATEST, progress)))
    missed = sum(time > plan.deadline for time in times)
    return Forecast(plan, times, _least(plan, missed <= _MISSED * plan.runs, progress))


def _times(plan: PlanSettings, deadline: float, progress: Progress) -> Iterator[float]:
    """Give the time of each run, inf if it missed this deadline."""
    settings = RunSettings(
        samples=plan.samples,
        workers=plan.workers,
        deadline=deadline,
        start_timeout=_PATIENCE_S + plan.figures.startup,
        stall_timeout=_PATIENCE_S + 1 / plan.figures.rate,
    )
    law = plan.figures.law()
    for seed in range(plan.runs):
        progress(f"simulating run {seed + 1} of {plan.runs} with {plan.workers} workers")
        result = simulate(lambda _: run(settings, spawn=law), seed).result
        yield result.elapsed_s if result.outcome is Outcome.COMPLETE else inf


def _least(plan: PlanSettings, are_enough: bool, progress: Progress) -> int | None:  # noqa: FBT001
    """Search for the least number of workers that is enough, next to that of the plan."""

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
