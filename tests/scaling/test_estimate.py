from math import exp
from random import Random
from typing import Any

import pytest
from attrs import evolve

from rnd_actors.scaling import Measured, RunView, WorkerFigures, WorkerView
from rnd_actors.scaling._estimate import Estimate
from tests.scaling.views import FIRST_S, starting, stream, view


def estimate(run: RunView, **known: float) -> Estimate:
    return Estimate.of(run, WorkerFigures(**known))


def steady(now: float, left: float, **others: Any) -> Estimate:
    """Of workers that send a sample a second, start within one and do not crash."""
    figures: dict[str, Any] = {
        "rate": 1.0,
        "startup_s": 1.0,
        "overdue_s": 1.0,
        "life_s": 1e9,
        "share": 1.0,
        "batch": 1.0,
    }
    figures |= {"workers": ()} | others
    return Estimate(now_s=now, left_s=left, **figures)


def irregularity(*workers: WorkerView, presumed: float) -> float:
    return steady(0.0, 0.0, workers=workers).irregularity(presumed)


def test_before_the_run_what_was_known_is_all() -> None:
    before = estimate(view(0.0), rate=2.0, mtbf=9.0, startup=3.0)
    assert (before.rate, before.life_s, before.startup_s) == pytest.approx((2.0, 9.0, 3.0))


def test_what_the_run_shows_counts_more_and_more() -> None:
    measured = Measured(
        first_samples=100,
        starting_s=300.0,
        crashes=400,
        streamed_s=2000.0,
        paced=4000,
        paced_s=2000.0,
    )
    late = estimate(view(9.0, measured=measured), rate=1.0, mtbf=50.0, startup=0.1)
    assert late.rate == pytest.approx(2.0, rel=0.01)
    assert late.startup_s == pytest.approx(3.0, rel=0.01)
    assert late.life_s == pytest.approx(5.0, rel=0.1)


def test_lives_that_are_not_over_count_with_the_time_that_they_have_lasted() -> None:
    measured = Measured(crashes=2, streamed_s=285.0)
    assert estimate(view(9.0, measured=measured)).life_s == pytest.approx((13.0 + 285.0) / (1 + 2))


def test_a_first_sample_that_is_overdue_takes_twice_as_long_as_so_far() -> None:
    assert estimate(view(0.04, starting(1))).startup_s == 0.05
    assert estimate(view(3.0, starting(1), starting(2, 2.0))).startup_s == 6.0


def test_a_steady_stream_brings_its_rate_and_half_a_sample_for_the_first() -> None:
    assert steady(0.0, 11.0).of_new() == pytest.approx(10.5)
    assert steady(0.4, 10.6).of_worker(starting(1)) == pytest.approx(10.5)
    assert steady(FIRST_S + 5.25, 10.0).of_worker(stream(1, 5.25)) == pytest.approx(9.75)


def test_no_sample_comes_before_the_start_is_over_or_the_next_one_is_due() -> None:
    assert steady(0.0, 0.9).of_new() == 0.0
    assert steady(FIRST_S + 5.25, 0.7).of_worker(stream(1, 5.25)) == 0.0
    assert steady(FIRST_S + 5.25, 0.8).of_worker(stream(1, 5.25)) == pytest.approx(1.0)


def test_one_that_is_overdue_may_take_as_long_again() -> None:
    run = steady(1.5, 11.0)
    assert run.of_worker(starting(1)) == run.of_new()


def test_a_slow_stream_brings_what_it_has_brought_so_far() -> None:
    run = steady(FIRST_S + 8.0, 10.0, workers=[stream(n, 8.0) for n in range(2, 9)])
    assert run.of_worker(stream(1, 8.0, gap=4.0)) == pytest.approx(2.0, abs=0.1)


def test_crashes_cost_start_ups() -> None:
    crashing = steady(0.0, 20.0, life_s=5.0, startup_s=3.0)
    assert crashing._streaming_s(1000.0) == pytest.approx(1000.0 * 5 / 8, rel=0.01)
    assert crashing._streaming_s(0.1) == pytest.approx(0.1, rel=0.02)
    assert steady(0.0, 20.0, life_s=5.0, startup_s=0.0)._streaming_s(7.0) == 7.0


def test_the_more_a_crash_costs_the_less_sure_is_what_comes() -> None:
    spread = {
        startup: steady(0.0, 20.0, life_s=5.0, startup_s=startup).dispersion()
        for startup in (0.1, 3.0)
    }
    assert spread == pytest.approx({0.1: 0.05, 3.0: 0.05 + 2.5**2 / 5})


def test_many_crashes_in_a_short_time_leave_the_present_stream_its_chance() -> None:
    crashing = steady(FIRST_S + 5.5, 0.5, life_s=2.0, startup_s=100.0)
    assert crashing.of_worker(stream(1, 5.5)) == pytest.approx(exp(-0.25), rel=0.05)


def test_gaps_that_are_alike_are_those_of_a_clock() -> None:
    alike = [stream(n, 20.0) for n in range(8)]
    assert irregularity(*alike, presumed=0.0) == pytest.approx(0.0, abs=1e-9)
    assert irregularity(*alike, stream(9, 20.0, gap=4.0), presumed=0.0) < 1e-9


def test_gaps_that_differ_tell_their_variance() -> None:
    uneven = [stream(n, 100.0, jitter=0.5) for n in range(8)]
    assert irregularity(*uneven, presumed=1.0) == pytest.approx(0.25, rel=0.05)


def test_gaps_by_chance_have_one_also_where_streams_are_short() -> None:
    random, short = Random(1), list[WorkerView]()
    for id_ in range(4000):
        gaps = [random.expovariate(1.0) for _ in range(2)]
        squares = sum(gap * gap for gap in gaps)
        short.append(
            WorkerView(
                id=id_,
                started_s=0.0,
                first_s=0.0,
                last_s=sum(gaps),
                paced=2,
                arrivals=2,
                squares=squares,
            )
        )
    assert irregularity(*short, presumed=0.0) == pytest.approx(1.0, abs=0.1)


def test_as_long_as_no_gaps_are_seen_they_are_what_is_presumed() -> None:
    assert irregularity(starting(1), stream(2, 0.5), presumed=1.0) == 1.0


def test_samples_that_came_together_are_one_arrival_and_tell_of_one_gap_each() -> None:
    batches = evolve(stream(1, 10.0), paced=100, arrivals=10, squares=10 * 1.0 / 10)
    assert irregularity(batches, presumed=0.0) == pytest.approx(0.0, abs=1e-9)


def test_two_arrivals_at_the_same_moment_tell_nothing() -> None:
    at_once = evolve(stream(1, 0.0), paced=2, arrivals=2)
    assert irregularity(at_once, presumed=1.0) == 1.0


def test_a_gap_that_is_open_counts_from_when_it_is_longer_than_the_others() -> None:
    assert steady(FIRST_S + 4.9, 9.0).pace(stream(1, 4.9)) == pytest.approx((4, 4.0))
    assert steady(FIRST_S + 5.1, 9.0).pace(stream(1, 4.0)) == pytest.approx((5, 5.1))
    assert steady(FIRST_S + 0.5, 9.0).pace(stream(1, 0.5)) == pytest.approx((1, 0.5))
