"""What a report is made of, before it takes a form."""

from attrs import frozen

from rnd_actors.reporting._statistics import RunStatistics, statistics
from rnd_actors.reporting._timeline import Timeline, timeline
from rnd_actors.reporting._values import Uniformity, uniformity
from rnd_actors.store import RunHistory

__all__ = ["Contents"]


@frozen
class Contents:
    """A run, and all that was found out about it."""

    history: RunHistory
    statistics: RunStatistics
    uniformity: Uniformity
    timeline: Timeline
    values: tuple[int, ...]

    @classmethod
    def of(cls, history: RunHistory) -> "Contents":
        """Return what there is to report of a run."""
        values = history.result.values
        return cls(history, statistics(history), uniformity(values), timeline(history), values)
