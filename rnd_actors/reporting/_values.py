"""The values of a run: their histogram, and a chi-square test of whether they are uniform."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from rnd_actors.collecting._histogram import Bar, histogram

__all__ = ["Bar", "Uniformity", "histogram", "uniformity"]

_CONTRACT: Final = (0, 99)
"""The least and the greatest value that workers are known to send."""
_LEAST_EXPECTED: Final = 5
"""Cochran's rule: with fewer expected in a bar, the distribution of chi-square is not known."""
_MOST_TESTED_BARS: Final = 100
_LEVEL: Final = 0.05


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
