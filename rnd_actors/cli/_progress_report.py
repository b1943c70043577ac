"""How far a run is at one moment, as an event that the log can write."""

import logging

from attrs import frozen

from rnd_actors.actors import Event

__all__ = ["ProgressReport"]


@frozen(kw_only=True)
class ProgressReport(Event):
    """How far a run is.

    Args:
        samples: how many were accepted so far.
        goal: how many are wanted.
        elapsed_s: seconds since the first spawn.
        rate_per_s: samples a second, None as long as there is no telling.
        left_s: seconds until the goal at this rate, None without a rate.
        restarts: how often a worker was started again.
        warnings: how many events of level WARNING and above there were.
        last_warning: the last of them in words.
    """

    level = logging.INFO
    samples: int
    goal: int
    elapsed_s: float
    rate_per_s: float | None
    left_s: float | None
    restarts: int
    warnings: int
    last_warning: str | None

    def __str__(self) -> str:
        parts = [f"{self.samples} of {self.goal} samples in {self.elapsed_s:.1f} s"]
        if self.rate_per_s is not None:
            parts.append(f"{self.rate_per_s:.1f}/s")
        if self.left_s is not None:
            parts.append(f"{self.left_s:.0f} s left")
        if self.restarts:
            parts.append(f"restarts: {self.restarts}")
        if self.warnings:
            parts.append(f"warnings: {self.warnings}, the last: {self.last_warning}")
        return ", ".join(parts)
