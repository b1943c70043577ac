"""How often which values came, in bars of equal width."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

__all__ = ["Bar", "histogram"]

_CONTRACT: Final = (0, 99)
"""The least and the greatest value in all that workers are known to send."""


@frozen
class Bar:
    """The values from `low` to `high`, both included.

    Args:
        low: the least value that is in it.
        high: the greatest value that is in it.
        count: how many samples are in it.
        expected: how many would be, on average, if all values were equally likely.

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
    """Return the bars; none if there are no values.

    They cover 0 to 99, which is what workers send as far as is known; if a value is outside of
    that, the range of the values. All are equally wide if the range can be cut like that, else
    some hold one whole number more.

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
    low, high = _range(values)
    width = high - low + 1
    number = _bars(width, most)
    edges = [low + bar * width // number for bar in range(number + 1)]
    counts = Counter[int]()
    for value, count in Counter(values).items():
        counts[bisect_right(edges, value) - 1] += count
    return tuple(
        Bar(edge, after - 1, counts[bar], len(values) * (after - edge) / width)
        for bar, (edge, after) in enumerate(pairwise(edges))
    )


def _range(values: Sequence[int]) -> tuple[int, int]:
    low, high = min(values), max(values)
    within = _CONTRACT[0] <= low and high <= _CONTRACT[1]
    return _CONTRACT if within else (low, high)


def _bars(width: int, most: int) -> int:
    """Return the most bars of equal width, unless that is less than half of what there may be."""
    if width <= most:
        return width
    equal = (number for number in range(most, most // 2, -1) if width % number == 0)
    return next(equal, most)
