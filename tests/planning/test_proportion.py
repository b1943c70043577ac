import pytest

from rnd_actors.planning import Proportion


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_limits_are_those_of_wilson(hits: int, trials: int, low: float, high: float) -> None:
    assert Proportion(hits, trials).limits == pytest.approx((low, high), abs=5e-5)


def test_proportions_agree_if_their_limits_overlap() -> None:
    assert Proportion(50, 100).agrees_with(Proportion(180, 300))
    assert not Proportion(50, 100).agrees_with(Proportion(240, 300))
    assert not Proportion(240, 300).agrees_with(Proportion(50, 100))
