"""When the time of a run is up: at its deadline, and at the end of its duration."""

import time

from attrs import define, frozen

from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._result import Outcome


@frozen
class TimeLimit:
    """A moment at which the run ends, whatever it has by then.

    Args:
        at: in seconds of the monotonic clock.
        outcome: that of the run then.
        reason: of that outcome, in words.
    """

    at: float
    outcome: Outcome
    reason: str

    @property
    def left_s(self) -> float:
        """Seconds until then; less than 0: it has passed."""
        return self.at - time.monotonic()


@define
class TimeLimits:
    """The time limits of one run.

    Args:
        collection: knows when this session began, and the deadline, which may change.
        duration: seconds that all sessions take together; None: as long as they need.
    """

    _collection: Collection
    _duration: float | None

    def first(self) -> TimeLimit | None:
        """Return the one that comes first; None: there is none, or nothing has begun."""
        started_at, deadline = self._collection.started_at, self._collection.deadline_s
        if started_at is None:
            return None
        limits = []
        if deadline is not None:
            reason = f"the deadline of {deadline:g} s has passed"
            limits.append(TimeLimit(started_at + deadline, Outcome.DEADLINE, reason))
        if self._duration is not None:
            end = started_at + self._duration - self._collection.earlier_s
            limits.append(TimeLimit(end, Outcome.COMPLETE, f"{self._duration:g} s are over"))
        return min(limits, key=lambda limit: limit.at, default=None)
