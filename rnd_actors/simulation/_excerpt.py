"""What is shown of the trace of a failure: its beginning, its end, and whatever is not routine."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["KeptTrace", "excerpt"]

_SHORT: Final = 60
"""A trace of so many lines is shown as it is."""
_FIRST_LINES: Final = 40
_LAST_LINES: Final = 120
_OF_A_KIND: Final = 2
"""How many of the lines that differ in numbers alone are shown, first ones and last ones."""
_KEPT_AT_EACH_END: Final = 250_000
"""Lines of a hundred characters: some 50 MB in all."""
_TIME: Final = re.compile(r"^ *[\d.]+ s  ")
_NUMBER: Final = re.compile(r"\d+")


class KeptTrace:
    """A trace that is kept whole, but for the middle of one that would not fit into memory."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0

    def add(self, line: str) -> None:
        """Keep a line."""
        self._lines.append(line)
        if len(self._lines) > 3 * _KEPT_AT_EACH_END:
            del self._lines[_KEPT_AT_EACH_END : 2 * _KEPT_AT_EACH_END]
            self._left_out += _KEPT_AT_EACH_END

    def lines(self) -> tuple[str, ...]:
        """Return all lines, and one that says where some are missing."""
        if not self._left_out:
            return tuple(self._lines)
        first, last = self._lines[:_KEPT_AT_EACH_END], self._lines[_KEPT_AT_EACH_END:]
        return (*first, f"... {self._left_out} lines that were not kept ...", *last)


def excerpt(trace: Sequence[str]) -> tuple[str, ...]:
    """Return what of a trace leads to a failure, with a line where others are left out.

    Of lines that differ in their time and in numbers alone, as those of a timer, the first two and
    the last two are shown; then the first 40 of all and the last 120.
    """
    if len(trace) <= _SHORT:
        return tuple(trace)
    kinds = [_NUMBER.sub("#", _TIME.sub("", line)) for line in trace]
    total, seen = Counter(kinds), Counter[str]()
    shown = []
    for number, kind in enumerate(kinds):
        if not _OF_A_KIND <= seen[kind] < total[kind] - _OF_A_KIND:
            shown.append(number)
        seen[kind] += 1
    if len(shown) > _FIRST_LINES + _LAST_LINES:
        shown = shown[:_FIRST_LINES] + shown[-_LAST_LINES:]
    return tuple(_with_gaps(trace, shown))


def _with_gaps(trace: Sequence[str], shown: Sequence[int]) -> Iterator[str]:
    after = 0
    for number in shown:
        if number > after:
            yield f"... {number - after} lines left out ..."
        yield trace[number]
        after = number + 1
