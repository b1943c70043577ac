"""What scaling policies have to reach, in the 27 kinds of workers of the benchmark."""

from functools import cache
from statistics import fmean

import pytest

from tests.benchmarks.deadline import CELLS, RULES, WORKERS, Kept, kept

RUNS = 60
FIXED, REPLACED, UNKNOWN, KNOWN = RULES


@cache
def cells(deadline: float, rule: str) -> list[Kept]:
    return [kept(cell, deadline, rule, RUNS) for cell in CELLS]


def lost_in_the_worst_cell(deadline: float, rule: str) -> float:
    """By how much the rule keeps less than 16 workers from the beginning do."""
    both = zip(cells(deadline, FIXED), cells(deadline, rule), strict=True)
    return max(always.share - other.share for always, other in both)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("deadline", "part"), [(20.0, 0.70), (40.0, 0.40)])
def test_far_fewer_workers_keep_a_deadline_that_is_not_too_near(
    deadline: float, part: float
) -> None:
    assert lost_in_the_worst_cell(deadline, KNOWN) <= 0.02
    workers = fmean(cell.most_workers for cell in cells(deadline, KNOWN))
    assert workers <= part * WORKERS


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("deadline", [10.0, 12.0])
def test_replacing_slow_workers_never_keeps_less(deadline: float) -> None:
    one_run_in_the_worst_cell = 1 / RUNS
    assert lost_in_the_worst_cell(deadline, REPLACED) <= one_run_in_the_worst_cell + 1e-9
    assert fmean(cell.share for cell in cells(deadline, REPLACED)) >= fmean(
        cell.share for cell in cells(deadline, FIXED)
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("deadline", [10.0, 12.0, 20.0])
def test_who_knows_nothing_of_the_workers_keeps_as_much_as_all_of_them(deadline: float) -> None:
    assert lost_in_the_worst_cell(deadline, UNKNOWN) <= 2 / RUNS + 1e-9


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_deadline_that_is_called_lost_is_lost() -> None:
    runs = [(cell, run) for cell in cells(12.0, UNKNOWN) for run in cell.runs]
    missed = [run for cell, run in runs if run.elapsed_s > cell.deadline_s]
    said = [run for cell, run in runs if run.lost_at_s is not None]
    rightly = [run for run in said if run in missed]
    assert len(rightly) >= 0.99 * len(said)
    assert len(rightly) >= 0.8 * len(missed)
