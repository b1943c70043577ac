from typing import Any

import pytest
from attrs import evolve

from rnd_actors.planning import PlanSettings, WorkerProfile, compare
from rnd_actors.scaling import (
    DeadlinePolicy,
    Decision,
    FixedPolicy,
    WorkerView,
    decision_interval_s,
)
from tests.scaling.views import FIRST_S, batches, starting, stream, view

STEADY = [stream(n, 3.25) for n in range(1, 16)]
SLOW = stream(16, 3.25, gap=4.0)


def replaced(streamed: float, *workers: WorkerView, **others: Any) -> tuple[int, ...]:
    now = FIRST_S + streamed
    return FixedPolicy(replace_slow=True).decide(view(now, *workers, **others)).replace


def test_a_stream_without_a_second_sample_where_siblings_have_sent_three_is_slow() -> None:
    assert replaced(3.25, *STEADY, SLOW) == (16,)


def test_it_is_not_before_its_rate_is_below_a_third_of_theirs() -> None:
    assert replaced(2.9, *[stream(n, 2.9) for n in range(1, 16)], stream(16, 2.9, gap=4.0)) == ()
    long = [stream(n, 30.0) for n in range(1, 16)]
    assert replaced(30.0, *long, stream(16, 30.0, gap=2.9), deadline_s=100.0) == ()
    assert replaced(30.0, *long, stream(16, 30.0, gap=3.1), deadline_s=100.0) == (16,)


def test_the_slowest_are_replaced_first_as_far_as_the_budget_goes() -> None:
    steady = [stream(n, 9.0) for n in range(1, 11)]
    workers = [*steady, stream(11, 9.0, gap=4.0), stream(12, 9.0, gap=8.0)]
    assert replaced(9.0, *workers) == (12, 11)
    assert replaced(9.0, *workers, starts=12, replaced=3) == (12,)
    assert replaced(9.0, *workers, starts=12, replaced=4) == ()


def test_two_streams_do_not_tell_which_of_them_is_slow() -> None:
    assert replaced(7.0, stream(1, 7.0), stream(2, 7.0, gap=8.0)) == ()
    assert replaced(40.0, stream(1, 40.0), stream(2, 40.0, gap=20.0), deadline_s=99.0) == ()
    assert replaced(7.0, stream(1, 7.0), stream(2, 7.0), stream(3, 7.0, gap=8.0)) == (3,)


def test_a_stream_is_compared_with_its_siblings_and_not_with_itself() -> None:
    uneven = stream(1, 40.0), stream(2, 40.0, gap=2.0), stream(3, 40.0, gap=5.0)
    assert replaced(40.0, *uneven, deadline_s=99.0) == (3,)


def test_a_stream_that_has_just_begun_tells_nothing_of_the_others() -> None:
    at = FIRST_S + 3.24
    begun = [evolve(stream(n, 0.0), started_s=at - 0.1, first_s=at, last_s=at) for n in range(9)]
    assert replaced(3.25, *begun, *STEADY[10:]) == ()


def test_nobody_is_slow_because_all_stood_still() -> None:
    """At 10.0 the machine stood still for 5 s, when worker 16 had just sent its first sample."""
    before = [stream(n, 9.9) for n in range(1, 16)]
    begun = evolve(stream(16, 0.0), started_s=9.8, first_s=9.9, last_s=9.9)
    after = [
        evolve(each, last_s=15.0, paced=10, arrivals=10, squares=9.0 + 5.9**2) for each in before
    ]
    for now, siblings in ((15.0, before), (15.01, [*before[:7], *after[7:]]), (15.1, after)):
        assert replaced(now - FIRST_S, *siblings, begun, deadline_s=40.0) == ()


def test_a_worker_that_hangs_is_slow_though_others_hang() -> None:
    steady, hung = [stream(n, 9.9) for n in range(1, 14)], [stream(n, 1.0) for n in (14, 15, 16)]
    assert replaced(9.9, *steady, *hung, deadline_s=40.0) == (14, 15, 16)


def test_only_streams_are_slow() -> None:
    assert replaced(3.25, *STEADY, starting(16)) == ()


def test_gaps_by_chance_need_longer_to_be_no_chance() -> None:
    def run(seconds: float) -> tuple[int, ...]:
        return replaced(seconds, *[stream(n, seconds, jitter=0.9) for n in range(1, 16)], SLOW)

    assert run(4.0) == ()
    assert run(12.0) == (16,)


def test_a_replacement_that_comes_too_late_is_none() -> None:
    workers = [evolve(worker, started_s=-3.0) for worker in (*STEADY, SLOW)]
    assert replaced(3.25, *workers, deadline_s=20.0) == (16,)
    assert replaced(3.25, *workers, deadline_s=6.0) == ()


def test_without_a_deadline_slow_ones_are_replaced_as_well() -> None:
    assert replaced(3.25, *STEADY, SLOW, deadline_s=None) == (16,)
    assert replaced(3.25, *STEADY, SLOW, goal=None) == (16,)


def test_they_stay_if_that_is_wanted() -> None:
    assert FixedPolicy().decide(view(3.35, *STEADY, SLOW)) == Decision()


def plan(deadline: float, runs: int, **profile: Any) -> PlanSettings:
    return PlanSettings(samples=150, deadline=deadline, profile=WorkerProfile(**profile), runs=runs)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_steady_worker_is_replaced_in_any_run() -> None:
    """`python -m tests.benchmarks.deadline` counts them in ten thousand."""
    policy = FixedPolicy(replace_slow=True)
    for mtbf, startup in ((None, 0.05), (5.0, 0.1), (5.0, 3.0), (60.0, 1.0)):
        [found] = compare(plan(40.0, 500, mtbf=mtbf, startup=startup), [policy])
        assert found.mean_replaced == 0.0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("deadline", "mtbf", "startup"),
    [(10.0, 5.0, 1.0), (14.5, 5.0, 3.0), (9.5, 60.0, 1.0), (11.5, None, 3.0)],
)
def test_with_irregular_gaps_replacements_cost_no_deadline(
    deadline: float, mtbf: float | None, startup: float
) -> None:
    irregular = plan(deadline, 600, mtbf=mtbf, startup=startup, irregular=True)
    stay, replace = compare(irregular, [FixedPolicy(), FixedPolicy(replace_slow=True)])
    assert 0.2 < stay.kept.estimate < 0.9
    assert replace.kept.estimate >= stay.kept.estimate - 0.01


@pytest.mark.parametrize(
    ("deadline", "interval"),
    [(None, 1.0), (1.0, 0.1), (15.0, 0.25), (60.0, 1.0), (1e6, 10.0)],
)
def test_a_policy_is_asked_sixty_times_before_the_deadline(
    deadline: float | None, interval: float
) -> None:
    assert decision_interval_s(deadline, workers=16) == interval


def test_a_policy_that_looks_at_thousands_of_workers_is_asked_less_often() -> None:
    assert decision_interval_s(1.0, workers=10_000) == 2.0


def test_a_worker_whose_next_batch_is_not_due_is_not_slow() -> None:
    for number, slow in ((2, ()), (3, ()), (6, (8,))):
        run = [*(batches(n, number, size=100) for n in range(1, 8)), batches(8, 1, size=100)]
        streamed = 0.5 * number - 0.05
        assert replaced(streamed, *run, samples=700 * number + 100, goal=20_000, starts=30) == slow


def test_a_deadline_is_not_lost_before_the_second_batch() -> None:
    policy = DeadlinePolicy()
    for now in (1.0, 2.0, 3.0):
        run = view(now, *(batches(n, 1, size=100) for n in range(1, 17)), lines=1600, samples=1600)
        assert policy.decide(evolve(run, goal=6000)).lost is None
