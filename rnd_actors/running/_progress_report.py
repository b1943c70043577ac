"""How far a run is at one moment, in figures and in words."""

import logging
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from rnd_actors.events import Event

_LONGEST_WARNING: Final = 100
_NOT_BEGUN: Final = "no worker yet"
"""As long as a cluster is connected to, or there are few hosts of it."""


@frozen(kw_only=True)
class ProgressReport(Event):
    """How far a run is.

    Args:
        samples: accepted samples so far.
        goal: wanted samples; None: the goal is no number of samples.
        progress: how far the goal is, 0.0 to 1.0.
        elapsed_s: seconds since the first spawn; 0.0: there was none yet.
        rate_per_s: samples a second; None: there are too few to tell.
        ideal_rate_per_s: samples a second if all workers streamed all the time; None likewise.
        left_s: seconds until the goal at this rate; None without a rate.
        finish_s: seconds from the first spawn to the goal at this rate; None without a rate.
        deadline_s: seconds from the first spawn that the run may take; None: no deadline.
        restarts: restarts of workers so far.
        warnings: events of level WARNING and above so far.
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
        """Seconds from the deadline to the goal; 0.0 if the run will be in time."""
        if self.finish_s is None or self.deadline_s is None:
            return 0.0
        return max(0.0, self.finish_s - self.deadline_s)

    @property
    def clock(self) -> str:
        """The time now, at the goal and at the deadline, all since the first spawn."""
        now = f"now {self.elapsed_s:.1f} s" if self.elapsed_s else _NOT_BEGUN
        return ", ".join([now, *self._outlook()])

    def __str__(self) -> str:
        parts = [f"{self.count} samples in {self.elapsed_s:.1f} s"]
        if not self.elapsed_s:
            parts = [f"{self.count} samples", _NOT_BEGUN]
        if self.rates is not None:
            parts.append(self.rates)
        parts += self._outlook()
        if self.restarts:
            parts.append(f"restarts: {self.restarts}")
        if self.warnings:
            parts.append(f"warnings: {self.warnings}")
        if last := self.last_warning:
            cut = last if len(last) <= _LONGEST_WARNING else f"{last[: _LONGEST_WARNING - 1]}…"
            parts.append(f"the last: {cut}")
        return ", ".join(parts)

    def _outlook(self) -> Iterator[str]:
        if self.finish_s is not None:
            yield f"done at {self.finish_s:.1f} s"
        if self.deadline_s is not None:
            late = f" ({self.late_s:.1f} s late)" if self.late_s else ""
            yield f"deadline {self.deadline_s:g} s{late}"
