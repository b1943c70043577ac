"""The values of a run: their histogram, and a chi-square test of whether they are uniform."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

__all__ = ["Bar", "Uniformity", "histogram", "uniformity"]

_CONTRACT: Final = (0, 99)
"""The least and the greatest value that workers are known to send."""
_LEAST_EXPECTED: Final = 5
"""Cochran's rule: with fewer expected in a bar, the distribution of chi-square is not known."""
_MOST_TESTED_BARS: Final = 100
_LEVEL: Final = 0.05


@frozen
class Bar:
    """The values from `low` to `high`, both included.

    Args:
        low: the least value of the bar.
        high: the greatest value of the bar.
        count: the number of samples in it.
        expected: their number, on average, if all values were equally likely.

    Example:
        >>> from rnd_actors.reporting import Bar
        >>> Bar(low=0, high=4, count=9, expected=7.5).count
        9
    """

    low: int
    high: int
    count: int
    expected: float


def histogram(values: Sequence[int], most: int = 20) -> tuple[Bar, ...]:
    """Return the bars of a histogram; none if there are no values.

    The bars cover 0 to 99, the contract of workers; if a value is outside of that, the range of
    the values. All are equally wide if the range can be cut like that, else some hold one whole
    number more.

    Args:
        values: whole numbers, in any order.
        most: how many bars there are at most.

    Example:
        >>> from rnd_actors.reporting import histogram
        >>> [(bar.low, bar.high, bar.count) for bar in histogram([3, 42, 99], most=3)]
        [(0, 49, 2), (50, 99, 1)]
    """
    if not values:
        return ()
    low, high = min(values), max(values)
    if _CONTRACT[0] <= low and high <= _CONTRACT[1]:
        low, high = _CONTRACT
    width = high - low + 1
    number = _number_of_bars(width, most)
    edges = [low + bar * width // number for bar in range(number + 1)]
    counts = Counter[int]()
    for value, count in Counter(values).items():
        counts[bisect_right(edges, value) - 1] += count
    return tuple(
        Bar(edge, after - 1, counts[bar], len(values) * (after - edge) / width)
        for bar, (edge, after) in enumerate(pairwise(edges))
    )


@frozen
class Uniformity:
    """The result of the test; all but `verdict` is None if there is nothing to test.

    Args:
        low: the least value that is held possible.
        high: the greatest value that is held possible.
        bars: the number of bars that this range is cut into.
        chi_square: sum of (observed - expected)² / expected over the bars.
        degrees: of freedom, the number of bars less one.
        p_value: how likely uniform values deviate at least as much, from 0 to 1.
        verdict: the same in words.

    Example:
        >>> from rnd_actors.reporting import uniformity
        >>> print(uniformity([1, 2, 3]).verdict)
        not tested: too few samples (3), since two bars have to expect 5 each
    """

    low: int | None
    high: int | None
    bars: int | None
    chi_square: float | None
    degrees: int | None
    p_value: float | None
    verdict: str


def uniformity(values: Sequence[int]) -> Uniformity:
    """Test by Pearson's chi-square whether all values from 0 to 99 are equally likely.

    If a value is outside of that, the range of the values is taken for the possible one. It is
    cut into as many bars as expect 5 samples each, at most 100. Needs scipy.

    Example:
        >>> from rnd_actors.reporting import uniformity
        >>> even = uniformity(list(range(100)) * 2)
        >>> even.bars, even.chi_square, even.p_value
        (25, 0.0, 1.0)
    """
    bars = _bars_to_test(values)
    if len(bars) < 2:  # noqa: PLR2004  # with one there is nothing to compare
        few = f"too few samples ({len(values)}), since two bars have to expect 5 each"
        why = "all samples are the same" if bars else few
        return Uniformity(None, None, None, None, None, None, f"not tested: {why}")
    from scipy.special import chdtrc  # type: ignore[import-untyped] # noqa: PLC0415  # an extra

    chi_square = sum((bar.count - bar.expected) ** 2 / bar.expected for bar in bars)
    degrees = len(bars) - 1
    p_value = float(chdtrc(degrees, chi_square))
    return Uniformity(
        low=bars[0].low,
        high=bars[-1].high,
        bars=len(bars),
        chi_square=chi_square,
        degrees=degrees,
        p_value=p_value,
        verdict=_verdict(p_value),
    )


def _number_of_bars(width: int, most: int) -> int:
    """Return the most bars of equal width, unless that is less than half of `most`."""
    if width <= most:
        return width
    equal = (number for number in range(most, most // 2, -1) if width % number == 0)
    return next(equal, most)


def _bars_to_test(values: Sequence[int]) -> tuple[Bar, ...]:
    """Return the most bars that all expect enough samples."""
    for most in range(min(_MOST_TESTED_BARS, len(values) // _LEAST_EXPECTED), 1, -1):
        bars = histogram(values, most)
        if all(bar.expected >= _LEAST_EXPECTED for bar in bars):
            return bars
    return ()


def _verdict(p_value: float) -> str:
    if p_value < _LEVEL:
        return (
            f"not uniform at the 5 % level: uniform values deviate as much in {p_value:.2g} of all "
            "runs"
        )
    return f"nothing speaks against uniform values (p = {p_value:.2f}, tested at the 5 % level)"
