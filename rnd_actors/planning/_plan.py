"""A plan: how many samples are needed by when, and how the workers are that collect them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Self

from attrs import field, frozen

from rnd_actors._validators import delay, optional, rate, seconds, whole_number
from rnd_actors.simulation import SimulatedWorker

__all__ = ["MOST_WORKERS", "PlanSettings", "WorkerFigures"]

MOST_WORKERS: Final = 1000


@frozen(kw_only=True)
class WorkerFigures:
    """How fast workers are, how often they crash and how soon they send their first number.

    Args:
        rate: numbers a second of one worker, > 0.
        mtbf: mean seconds from the first number to a crash, exponentially distributed; None: they
            never crash.
        startup: seconds from a start to the first number.

    Raises:
        SettingsError: a value is out of range; it names the figure.

    Example:
        >>> from rnd_actors.planning import WorkerFigures
        >>> WorkerFigures(mtbf=30.0)
        WorkerFigures(rate=1.0, mtbf=30.0, startup=0.05)
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

        Example:
            >>> from rnd_actors.planning import WorkerFigures
            >>> worker = {"starts": 3, "crashes": 2, "startup_s": 0.25, "streamed_s": 60.0,
            ...     "rate_per_s": 1.0}
            >>> WorkerFigures.measured([worker])
            WorkerFigures(rate=1.0, mtbf=30.0, startup=0.25)
        """
        workers = tuple(workers)
        crashes = sum(worker["crashes"] for worker in workers)
        figures = {
            "rate": _mean(workers, "rate_per_s", "streamed_s"),
            "mtbf": sum(worker["streamed_s"] for worker in workers) / crashes if crashes else None,
            "startup": _mean(workers, "startup_s", "starts"),
        }
        return cls(**{name: figure for name, figure in figures.items() if figure is not None})

    def law(self) -> SimulatedWorker:
        """Return simulated workers with these figures."""
        return SimulatedWorker(rate=self.rate, startup=self.startup, lifetime=self._lifetime())

    def _lifetime(self) -> Callable[[], float] | None:
        if self.mtbf is None:
            return None
        startup, crashes_per_s = self.startup, 1 / self.mtbf
        return lambda: startup + random.expovariate(crashes_per_s)


@frozen(kw_only=True)
class PlanSettings:
    """A plan to simulate.

    Args:
        samples: how many are needed, 1 or more.
        deadline: seconds that they may take, > 0.
        workers: how many workers there are, 1 to 1000.
        figures: rate, crashes and start-up of the workers.
        runs: how many runs are simulated, 10 or more.

    Raises:
        SettingsError: a value is not accepted; it names the setting.

    Example:
        >>> from rnd_actors.planning import PlanSettings
        >>> PlanSettings(samples=150, deadline=10.0).workers
        16
    """

    samples: int = field(validator=whole_number(1, 10**9))
    deadline: float = field(validator=seconds)
    workers: int = field(default=16, validator=whole_number(1, MOST_WORKERS))
    figures: WorkerFigures = WorkerFigures()
    runs: int = field(default=200, validator=whole_number(10, 10**6))


def _mean(workers: Iterable[Mapping[str, Any]], figure: str, weight: str) -> float | None:
    """Return the weighted mean of a figure over the workers that have it."""
    known = [(worker[figure], worker[weight]) for worker in workers if worker[figure] is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
