"""The histogram of the values of a run."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

_USUAL: Final = (0, 99)
"""The least and the greatest value that workers are known to send."""


@frozen
class Bar:
    """The values from `low` to `high`, both included.

    Args:
        low: the least value of the bar.
        high: the greatest value of the bar.
        count: the number of samples in it.
        expected: their number, on average, if all values were equally likely.
    """

    low: int
    high: int
    count: int
    expected: float


def histogram(values: Sequence[int], most: int = 20) -> tuple[Bar, ...]:
    """Return the bars of the histogram of whole numbers in any order, at most `most`."""
    return histogram_of(Counter(values), most)


def histogram_of(values: Mapping[int, int], most: int = 20) -> tuple[Bar, ...]:
    """Return the bars of a histogram; none if there are no values.

    The bars cover 0 to 99, or the range of the values if one of them lies outside of that. All are
    equally wide if the range can be cut like that into more than half of `most`, else some hold one
    whole number more.

    Args:
        values: whole numbers, each with how often it has come.
        most: the greatest number of bars.
    """
    if not values:
        return ()
    low, high = min(values), max(values)
    if _USUAL[0] <= low and high <= _USUAL[1]:
        low, high = _USUAL
    width = high - low + 1
    equal = (number for number in range(most, most // 2, -1) if width % number == 0)
    number = width if width <= most else next(equal, most)
    edges = [low + bar * width // number for bar in range(number + 1)]
    counts, total = Counter[int](), sum(values.values())
    for value, count in values.items():
        counts[bisect_right(edges, value) - 1] += count
    return tuple(
        Bar(edge, after - 1, counts[bar], total * (after - edge) / width)
        for bar, (edge, after) in enumerate(pairwise(edges))
    )


def draw_histogram(bars: Sequence[Bar], width: int, longest: int) -> Iterator[tuple[str, str, int]]:
    """Yield the label, the characters and the count of each bar.

    Args:
        bars: of a histogram.
        width: the columns that a label, a bar and a count with spaces in between take at most.
        longest: the most characters of a bar.
    """
    labels = [f"{bar.low}-{bar.high}" for bar in bars]
    label_width = max(map(len, labels), default=0)
    most = max((bar.count for bar in bars), default=0)
    longest = max(1, min(longest, width - label_width - len(f"  {most}")))
    for label, bar in zip(labels, bars, strict=True):
        yield label.rjust(label_width), "█" * round(longest * bar.count / most), bar.count
