from math import exp, lgamma, log

import pytest

from rnd_actors.scaling._chance import chance_of


def poisson_tail(count: int, mean: float) -> float:
    return 1 - sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(count))


@pytest.mark.parametrize(
    ("count", "mean", "within"),
    [(1, 0.5, 0.012), (1, 4.0, 0.012), (6, 3.0, 0.001), (20, 30.0, 0.001), (150, 180.0, 0.001)],
)
def test_samples_that_come_by_chance_are_poisson(count: int, mean: float, within: float) -> None:
    assert chance_of(count, mean) == pytest.approx(poisson_tail(count, mean), abs=within)


def test_gaps_of_two_steps_each_are_as_likely_as_every_second_event_of_poisson() -> None:
    assert chance_of(10, 12.0, dispersion=0.5) == pytest.approx(poisson_tail(20, 24.0), abs=1e-3)


def test_a_clock_leaves_nothing_to_chance() -> None:
    assert chance_of(100, 101.0, dispersion=0.0) > 0.999
    assert chance_of(100, 99.0, dispersion=0.0) < 0.001


def test_no_samples_come_for_sure_and_of_none_expected_none_comes() -> None:
    assert (chance_of(0, 0.0), chance_of(1, 0.0)) == (1.0, 0.0)
