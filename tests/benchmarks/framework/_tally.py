"""How the main program of a benchmark learns that all of many actors have done something."""

from collections.abc import Callable
from itertools import count

__all__ = ["Tally"]


class Tally:
    """Counts, also from many threads, and calls `when_complete` with the last one expected."""

    def __init__(self, expected: int, when_complete: Callable[[], object]) -> None:
        self.is_complete = False
        self._expected = expected
        self._when_complete = when_complete
        self._numbers = count(1)  # one step of it is not divided among threads, unlike `+= 1`

    def add(self) -> None:
        """Count one more."""
        if next(self._numbers) == self._expected:
            self.is_complete = True
            self._when_complete()
