"""Which workers are slow, so that a new incarnation would bring more."""

from __future__ import annotations

from math import inf
from statistics import median
from typing import Final

from rnd_actors.scaling._chance import chance_of
from rnd_actors.scaling._estimate import BY_CHANCE, Estimate
from rnd_actors.scaling._view import RunView, WorkerView

_SLOW: Final = 1 / 3
"""Of the median rate of its siblings. Spark starts a second copy of a task after 1.5 times their
median duration (spark.speculation.multiplier), since that does not end the first one."""
_CHANCE: Final = 1e-3
"""How likely a worker may be as fast as its siblings, over all its judgements."""
_LEAST_SIBLINGS: Final = 2
_LATE: Final = 2.0
"""A stream is late after so many of its mean gaps."""
_STANDSTILL: Final = 1 / 2
"""If so many streams are late at once, the machine or the whole program stood still."""
_BUDGET: Final = 1 / 3
"""Replacements by starts: a third of all cannot be slow beside the others. A limit, as in J. Dean
and L. A. Barroso, "The Tail at Scale" (2013), keeps second tries from becoming the load."""


def slow_workers(view: RunView, estimate: Estimate) -> tuple[int, ...]:
    """Return the ids of the workers to replace, the slowest first.

    A stream is slow if its rate is below a third of the median of its siblings', those that have
    sent two samples or more, if so few samples in so long a time have a chance of less than 1/1000
    where the rate is that median, and if a new incarnation would bring more until the deadline, its
    start-up included. While half of the streams are late, none is. The chance is divided by the
    samples that a sibling has sent meanwhile, since each of them is another judgement (Bonferroni).
    """
    streams = [
        (worker, *estimate.pace(worker))
        for worker in view.workers
        if worker.first_s is not None and worker.first_s < view.elapsed_s
    ]
    rates = sorted(gaps / seconds for worker, gaps, seconds in streams if worker.paced)
    late = sum(_is_late(worker, view.elapsed_s) for worker, _, _ in streams)
    if len(rates) < _LEAST_SIBLINGS or late >= _STANDSTILL * len(rates):
        return ()
    slow: dict[int, float] = {}
    for worker, gaps, seconds in streams:
        if gaps < _SLOW * rates[-1] * seconds:
            siblings = rates[1:] if worker.paced else rates  # without one below their median
            is_slow = len(siblings) >= _LEAST_SIBLINGS and _is_slow(
                gaps, median(siblings) * seconds, estimate
            )
            if is_slow and _is_worth_it(worker, estimate):
                slow[worker.id] = gaps / seconds
    budget = int(_BUDGET * view.starts) - view.replaced
    return tuple(sorted(slow, key=slow.__getitem__)[: max(0, budget)])


def _is_late(worker: WorkerView, now_s: float) -> bool:
    """Return whether a stream has sent nothing for much longer than its gaps are on average."""
    if not worker.arrivals or worker.first_s is None:
        return False
    return (now_s - worker.last_s) * worker.arrivals > _LATE * (worker.last_s - worker.first_s)


def _is_slow(gaps: float, expected: float, estimate: Estimate) -> bool:
    """Return whether so few gaps are less than a third of those expected, and hardly by chance."""
    if gaps >= _SLOW * expected:
        return False
    chance = 1 - chance_of(gaps, expected, estimate.irregularity(BY_CHANCE))
    return chance * max(1.0, expected) < _CHANCE


def _is_worth_it(worker: WorkerView, estimate: Estimate) -> bool:
    """Return whether a new incarnation would bring more than the present one."""
    return estimate.left_s == inf or estimate.of_worker(worker) < estimate.of_new()
