"""When something happened, in seconds of a run without its breaks."""

from bisect import bisect_right
from itertools import accumulate
from math import inf

from attrs import frozen

from rnd_actors.store import RunHistory

__all__ = ["RunClock"]


@frozen
class RunClock:
    """Turns times since the epoch into seconds of a run; each stays within its session."""

    history: RunHistory
    starts: tuple[float, ...]
    """When its sessions began, in seconds since the epoch."""
    ends: tuple[float, ...]
    """When its sessions ended, in seconds of the run; that of the last one is open."""

    @classmethod
    def of(cls, history: RunHistory) -> "RunClock":
        """Return the clock of a run."""
        ends = tuple(accumulate(session.elapsed_s for session in history.sessions))
        starts = tuple(session.started_at for session in history.sessions)
        return cls(history, starts, (*ends[:-1], inf))

    def seconds(self, at: float) -> float:
        """Return the seconds that the run had been going on at a time since the epoch.

        What happens after the last sample of a session and before the next one counts as its end.
        """
        return min(self.history.active_s(at), self.end_of_session(at))

    def end_of_session(self, at: float) -> float:
        """Return when the session ended that was going on, infinity for the last one."""
        return self.ends[max(0, bisect_right(self.starts, at) - 1)]
