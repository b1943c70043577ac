"""Whether the goal of a run can still be reached with the workers that are at work."""

from attrs import define

from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._collector import Collector
from rnd_actors.collectors._messages import GoalOutOfReach


@define
class Reach:
    """What the workers that are at work can bring at most.

    What is missing is kept in the collection, since the collector actor may be restarted.

    Args:
        collector: of the run; it knows whose samples it needs.
        collection: knows who is at work.
    """

    _collector: Collector
    _collection: Collection

    def look(self) -> GoalOutOfReach | None:
        """Look at who is at work now; return the news if more are missing than before."""
        goal, before = self._collector.goal, self._collection.missing
        most = self._collector.attainable(self._collection.serving)
        missing = 0 if goal is None or most is None else max(0, goal - most)
        self._collection.missing = missing
        return GoalOutOfReach(missing) if missing > before else None

    def may_change_with(self, worker: int) -> bool:
        """Whether it is to be looked at again after samples of this worker, if some are missing.

        Then all workers are looked at, which is dear for each of their samples: only for the last
        that count, and for those of workers that leave, which come on top.
        """
        goal, missing = self._collector.goal, self._collection.missing
        if goal is None or not missing:
            return False
        is_last = len(self._collection.values) + missing >= goal
        return is_last or not self._collection.workers[worker].serves

    @property
    def in_words(self) -> str:
        """What is missing."""
        return f"the workers cannot send {self._collection.missing} of its samples"

    @property
    def is_exhausted(self) -> bool:
        """Whether the goal is out of reach, and nothing that counts can come any more."""
        goal, missing = self._collector.goal, self._collection.missing
        if goal is None or not missing or len(self._collection.values) + missing < goal:
            return False
        workers = self._collection.workers.values()
        return all(counts.serves or counts.rests for counts in workers)  # or some still leave
