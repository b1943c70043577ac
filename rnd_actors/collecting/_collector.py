"""The collector: what to keep, when to stop, whom to restart. This is what users plug in."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from rnd_actors.actors import ExitReason
from rnd_actors.collecting._sample import Sample

__all__ = ["Collector"]


_JUDGEMENTS: Final = {"accepts", "is_reached"}


class Collector(ABC):
    """Decides what a run is for. Only `is_reached` has to be written.

    One collector serves one run, and keeps its state in itself: if one of its methods raises, the
    collector actor is restarted around the same collector. When a stored run is resumed, a new
    collector is shown the stored samples first.

    Example:
        >>> from rnd_actors import Collector, Sample
        >>> class TenInARow(Collector):
        ...     last = -1
        ...     rising = 0
        ...     def is_reached(self, sample: Sample) -> bool:
        ...         self.rising = self.rising + 1 if sample.value > self.last else 0
        ...         self.last = sample.value
        ...         return self.rising >= 10
        >>> TenInARow().is_reached(Sample(0, 42, worker=3, incarnation=1, seq=0, received_at=0.5))
        False
    """

    counts_only: ClassVar[bool] = False
    """Whether all that matters is how many samples there are, at most `goal`. Then all that came
    at once are accepted at once, and `is_reached` is asked with the last of them only, which is
    many times as fast. A subclass that judges anew has to say so anew."""

    goal: int | None = None
    """How many samples are asked for, if the goal is a number of samples."""

    duration: float | None = None
    """Seconds after the first spawn at which the run is complete, if its goal is a time."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "counts_only" not in vars(cls) and _JUDGEMENTS & vars(cls).keys():
            cls.counts_only = False

    @abstractmethod
    def is_reached(self, sample: Sample) -> bool:
        """Say whether the run is complete with this sample; asked with each that was accepted.

        Its `index` is how many were accepted before it.
        """

    def accepts(self, sample: Sample) -> bool:
        """Take a sample into account, or refuse it: then it is counted as surplus."""
        return True

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        """Say whether this worker, which went down, is to be started again."""
        return True

    def progress(self) -> float:
        """Say how far the goal is, from 0.0 to 1.0; what has no better idea stays at 0.0."""
        return 0.0

    def findings(self) -> Mapping[str, float | int | str | None]:
        """Say what was found out, by name: it becomes part of the result, complete or not."""
        return {}
