from math import inf

import pytest
from attrs import evolve

from rnd_actors.reporting import Spread, statistics
from rnd_actors.reporting._statistics import Ideal
from rnd_actors.store import Session
from tests.reporting.histories import BEGAN, a_run, history_of, life, sample, worker_result


def test_a_spread_is_that_of_a_textbook() -> None:
    spread = Spread.of([2, 4, 4, 4, 5, 5, 7, 9])
    assert (spread.count, spread.mean, spread.minimum, spread.maximum) == (8, 5.0, 2, 9)
    assert spread.deviation == pytest.approx((32 / 7) ** 0.5)
    quartiles = (spread.lower_quartile, spread.median, spread.upper_quartile)
    assert quartiles == (4.0, 4.5, 5.5)
    assert spread.percentile_95 == pytest.approx(8.3)


def test_too_few_numbers_have_no_spread() -> None:
    assert Spread.of([]) == Spread(0)
    one = Spread.of([7])
    assert (one.mean, one.deviation, one.lower_quartile, one.maximum) == (7, None, 7, 7)


def test_gaps_are_those_between_consecutive_samples() -> None:
    samples = (sample(0, 1.0), sample(1, 1.5), sample(2, 3.5))
    figures = statistics(history_of(samples, workers=(worker_result(),)))
    assert list(figures.times_s) == [1.0, 1.5, 3.5]
    assert list(figures.gaps) == [0.5, 2.0]
    assert (figures.gaps_s.median, figures.gaps_s.maximum) == (1.25, 2.0)


def test_a_break_is_no_gap() -> None:
    sessions = (
        Session(number=1, started_at=BEGAN, elapsed_s=2.0),
        Session(number=2, started_at=BEGAN + 100.0, elapsed_s=1.0),
    )
    samples = (sample(0, 2.0), sample(1, 100.25), sample(2, 101.0))
    figures = statistics(history_of(samples, sessions=sessions, workers=(worker_result(),)))
    assert list(figures.times_s) == [2.0, 2.25, 3.0]
    assert figures.elapsed_s == 3.0


def test_the_ideal_is_the_number_of_workers_times_the_median_of_their_rates() -> None:
    workers = tuple(worker_result(number, rate=rate) for number, rate in enumerate((1, 2, 9, None)))
    samples = tuple(sample(index, 10.0) for index in range(40))
    figures = statistics(history_of(samples, workers=workers))
    assert (figures.ideal.worker_rate_per_s, figures.ideal.rate_per_s) == (2, 8)
    assert figures.ideal.samples(10.0) == 80
    assert (figures.rate_per_s, figures.share_of_ideal) == (4.0, 0.5)


def test_without_a_measured_rate_the_ideal_is_one_a_second() -> None:
    figures = statistics(history_of((), workers=(worker_result(1), worker_result(2))))
    assert figures.ideal.rate_per_s == 2.0


def test_a_run_that_is_not_complete_has_no_time_to_its_goal() -> None:
    workers = (worker_result(),)
    assert statistics(history_of((), workers=workers)).time_to_goal_s == 10.0
    assert statistics(history_of((), workers=workers, state="died")).time_to_goal_s is None


def test_a_worker_has_its_share_of_the_time() -> None:
    lives = (life(1, 0.0, 0.5, 3.0, failure="killed"), life(2, 4.0, 4.5, 7.0, failure="killed"))
    worker = evolve(worker_result(samples=5, rate=1.0), starts=2, crashes=2, last_exit="killed")
    [figures] = statistics(history_of((), lives, workers=(worker,))).workers
    assert (figures.samples, figures.crashes, figures.restarts) == (5, 2, 1)
    assert (figures.streaming_s, figures.uptime, figures.last_exit) == (5.0, 0.5, "killed")


def test_failures_are_counted_by_their_text_whichever_worker_it_was() -> None:
    texts = ("cut", "worker 1 exited with code 2", "worker 2 exited with code 2", None)
    lives = tuple(
        life(1, 0.0, None, 0.5, failure=text, worker=worker) for worker, text in enumerate(texts)
    )
    figures = statistics(history_of((), lives, workers=(worker_result(),)))
    assert figures.failures == (("worker exited with code 2", 2), ("cut", 1))


def test_a_run_without_samples_has_figures_too() -> None:
    figures = statistics(history_of((), sessions=(), state="running", workers=(worker_result(),)))
    assert (figures.rate_per_s, figures.share_of_ideal) == (None, None)
    assert len(figures.gaps) == 0
    assert figures.workers[0].uptime is None


def test_the_figures_of_a_whole_run_fit_together() -> None:
    figures = statistics(a_run())
    assert figures.values.count == figures.gaps_s.count + 1 == 150
    assert figures.times_s[-1] == pytest.approx(figures.elapsed_s)
    assert sum(worker.samples for worker in figures.workers) == 150


def test_the_ideal_counts_workers_for_the_time_that_they_were_at_work() -> None:
    ideal = Ideal(2.0, ((0.0, inf), (0.0, 4.0), (6.0, inf)))
    assert (ideal.workers, ideal.rate_per_s, ideal.changes_s) == (2, 4.0, (4.0, 6.0))
    assert [ideal.samples(at_s) for at_s in (2.0, 5.0, 8.0)] == [8.0, 18.0, 28.0]
