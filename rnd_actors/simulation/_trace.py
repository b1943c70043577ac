"""The trace of a simulation: a line for each message and event, and an excerpt of a long one."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from rnd_actors._printing import shown
from rnd_actors.actors import Event
from rnd_actors.actors._requests import Asked

_ADDRESS: Final = re.compile(" at 0x[0-9a-f]+")
"""Part of the `repr` of many objects; it would make the traces of two equal runs differ."""

_SHORT: Final = 60
"""A trace of so many lines is shown as a whole."""
_FIRST_LINES: Final = 40
_LAST_LINES: Final = 120
_OF_A_KIND: Final = 2
"""How many of the lines that differ in numbers alone are shown, first ones and last ones."""
_KEPT_AT_EACH_END: Final = 250_000
"""Lines of a hundred characters: some 50 MB in all."""
_TIME: Final = re.compile(r"^ *[\d.]+ s  ")
_NUMBER: Final = re.compile(r"\d+")


class Tracer:
    """Writes a line for each message that is told or handled, and for each event.

    Args:
        write: called with each line; None: there is no trace.
        now: returns the virtual time.
    """

    def __init__(self, write: Callable[[str], object] | None, now: Callable[[], float]) -> None:
        self._write = write
        self._now = now

    def told(self, sender: str, receiver: str, entry: Any, *, lost: bool) -> None:
        """Write that a message is on its way into a mailbox."""
        if self._write is not None:
            asked = isinstance(entry, Asked)
            verb, message = ("asks", entry.request) if asked else ("tells", entry)
            self._line(f"{sender} {verb} {receiver} {shown(message)}{' (lost)' if lost else ''}")

    def handles(self, actor: str, message: object) -> None:
        """Write that an actor begins to handle a message."""
        if self._write is not None:
            self._line(f"{actor} handles {shown(message)}")

    def event(self, event: Event) -> None:
        """Write an event."""
        if self._write is not None:
            self._line(str(event))

    def _line(self, text: str) -> None:
        if self._write is not None:
            self._write(f"{self._now():10.3f} s  {_ADDRESS.sub('', text)}")


class KeptTrace:
    """A trace that is kept in memory as a whole, but for the middle of one that does not fit."""

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
        """Return all lines, with a line in the place of those that were not kept."""
        if not self._left_out:
            return tuple(self._lines)
        first, last = self._lines[:_KEPT_AT_EACH_END], self._lines[_KEPT_AT_EACH_END:]
        return (*first, f"... {self._left_out} lines that were not kept ...", *last)


def excerpt(trace: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of a trace that lead to a failure, with a line in the place of the others.

    Of lines that differ in their time and in numbers alone, like those of a timer, the first two
    and the last two are shown; then the first 40 of all and the last 120.
    """
    if len(trace) <= _SHORT:
        return tuple(trace)
    kinds = [_NUMBER.sub("#", _TIME.sub("", line)) for line in trace]
    total, seen = Counter(kinds), Counter[str]()
    chosen = []
    for number, kind in enumerate(kinds):
        if not _OF_A_KIND <= seen[kind] < total[kind] - _OF_A_KIND:
            chosen.append(number)
        seen[kind] += 1
    if len(chosen) > _FIRST_LINES + _LAST_LINES:
        chosen = chosen[:_FIRST_LINES] + chosen[-_LAST_LINES:]
    return tuple(_with_gaps(trace, chosen))


def _with_gaps(trace: Sequence[str], numbers: Sequence[int]) -> Iterator[str]:
    after = 0
    for number in numbers:
        if number > after:
            yield f"... {number - after} lines left out ..."
        yield trace[number]
        after = number + 1
