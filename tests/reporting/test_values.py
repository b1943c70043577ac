import pytest

from rnd_actors.reporting import histogram, uniformity


def test_chi_square_and_its_p_value_are_those_of_the_tables() -> None:
    # Two bars of 0-49 and 50-99 for 10 samples: (8 - 5)² / 5 twice.
    test = uniformity([0] * 8 + [99] * 2)
    assert (test.low, test.high, test.bars, test.degrees) == (0, 99, 2, 1)
    assert test.chi_square == pytest.approx(3.6)
    assert test.p_value == pytest.approx(0.0578, abs=0.0001)
    assert test.verdict.startswith("nothing speaks against uniform values (p = 0.06")


def test_values_that_are_not_uniform_are_told() -> None:
    test = uniformity([value % 50 for value in range(1000)])
    assert test.chi_square == pytest.approx(1000)
    assert test.verdict.startswith("not uniform at the 5 % level")


@pytest.mark.parametrize(("samples", "bars"), [(10, 2), (49, 5), (150, 25), (10_000, 100)])
def test_there_are_as_many_bars_as_expect_five_samples_each(samples: int, bars: int) -> None:
    values = [index % 100 for index in range(samples)]
    assert uniformity(values).bars == bars
    assert all(bar.expected >= 5 for bar in histogram(values, bars))


@pytest.mark.parametrize("values", [[], [1], list(range(9))])
def test_few_samples_are_not_tested(values: list[int]) -> None:
    test = uniformity(values)
    assert (test.chi_square, test.p_value) == (None, None)
    assert test.verdict.startswith(f"not tested: too few samples ({len(values)})")


def test_few_samples_of_a_range_that_cannot_be_halved_are_not_tested() -> None:
    assert uniformity([100, 101, 102] * 3 + [100]).verdict.startswith("not tested: too few")


def test_one_value_outside_of_the_usual_range_is_not_tested() -> None:
    assert uniformity([1000] * 50).verdict == "not tested: all samples are the same"


def test_values_outside_of_the_usual_range_are_tested_over_their_own() -> None:
    test = uniformity([-(10**17), 10**17] * 10)
    assert (test.low, test.high, test.bars) == (-(10**17), 10**17, 3)


def test_bars_cover_the_usual_range_in_equal_parts() -> None:
    bars = histogram([0, 4, 5, 99], most=20)
    assert [(bar.low, bar.high, bar.count) for bar in bars][:2] == [(0, 4, 2), (5, 9, 1)]
    assert (len(bars), bars[-1].high, {bar.expected for bar in bars}) == (20, 99, {0.2})


def test_bars_of_another_range_differ_by_one_value_at_most() -> None:
    bars = histogram([100, 110, 110], most=3)
    assert [(bar.low, bar.high, bar.count) for bar in bars] == [
        (100, 102, 1),
        (103, 106, 0),
        (107, 110, 2),
    ]
    assert sum(bar.expected for bar in bars) == pytest.approx(3)


def test_there_are_no_more_bars_than_values() -> None:
    assert len(histogram([100, 101])) == 2
    assert histogram([]) == ()
