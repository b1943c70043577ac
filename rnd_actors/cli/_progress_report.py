"""How far a run is at one moment, as an event that the log can write."""

import logging
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from rnd_actors.actors import Event

__all__ = ["ProgressReport"]

_LONGEST_WARNING: Final = 100


@frozen(kw_only=True)
class ProgressReport(Event):
    """How far a run is.

    Args:
        samples: how many were accepted so far.
        goal: how many are wanted; None: the goal is no number of samples.
        progress: how far the goal is, 0.0 to 1.0.
        elapsed_s: seconds since the first spawn.
        rate_per_s: samples a second, None as long as there is no telling.
        ideal_rate_per_s: the same if all workers streamed all the time, None likewise.
        left_s: seconds until the goal at this rate, None without a rate.
        finish_s: seconds from the first spawn at which it will be reached then.
        deadline_s: seconds from the first spawn that it may take, None without a deadline.
        restarts: how often a worker was started again.
        warnings: how many events of level WARNING and above there were.
        last_warning: the last of them in words; None: it was told already, or there is none.
    """

    level = logging.INFO
    samples: int
    goal: int | None
    progress: float
    elapsed_s: float
    rate_per_s: float | None
    ideal_rate_per_s: float | None
    left_s: float | None
    finish_s: float | None
    deadline_s: float | None
    restarts: int
    warnings: int
    last_warning: str | None

    @property
    def count(self) -> str:
        """The samples, of how many."""
        return f"{self.samples}" if self.goal is None else f"{self.samples} of {self.goal}"

    @property
    def rates(self) -> str | None:
        """The rate beside the ideal one."""
        if self.rate_per_s is None:
            return None
        if self.ideal_rate_per_s is None:
            return f"{self.rate_per_s:.1f}/s"
        return f"{self.rate_per_s:.1f}/s (ideal {self.ideal_rate_per_s:.1f}/s)"

    @property
    def late_s(self) -> float:
        """How many seconds after the deadline it will be done; 0.0 if it will be in time."""
        if self.finish_s is None or self.deadline_s is None:
            return 0.0
        return max(0.0, self.finish_s - self.deadline_s)

    @property
    def clock(self) -> str:
        """When it is, when it will be done and when it has to be, all since the first spawn."""
        return ", ".join([f"now {self.elapsed_s:.1f} s", *self._outlook()])

    def _outlook(self) -> Iterator[str]:
        if self.finish_s is not None:
            yield f"done at {self.finish_s:.1f} s"
        if self.deadline_s is not None:
            late = f" ({self.late_s:.1f} s late)" if self.late_s else ""
            yield f"deadline {self.deadline_s:g} s{late}"

    def __str__(self) -> str:
        parts = [f"{self.count} samples in {self.elapsed_s:.1f} s"]
        if self.rates is not None:
            parts.append(self.rates)
        parts += self._outlook()
        if self.restarts:
            parts.append(f"restarts: {self.restarts}")
        if self.warnings:
            parts.append(f"warnings: {self.warnings}")
        if self.last_warning:
            parts.append(f"the last: {_cut(self.last_warning)}")
        return ", ".join(parts)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_WARNING else f"{text[: _LONGEST_WARNING - 1]}…"
