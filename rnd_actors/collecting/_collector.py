"""The collector: what to keep, when to stop, whom to restart. This is what users plug in."""

from abc import ABC, abstractmethod

from attrs import define, field

from rnd_actors.actors import ExitReason
from rnd_actors.collecting._sample import Sample

__all__ = ["Collector", "SampleCount"]


class Collector(ABC):
    """Decides what a run is for. Only `is_reached` has to be written.

    One collector serves one run, and keeps its state in itself: if one of its methods raises, the
    collector actor is restarted around the same collector.

    Example:
        >>> from rnd_actors import Collector, Sample
        >>> class EveryDigit(Collector):
        ...     def __init__(self) -> None:
        ...         self.missing = set(range(10))
        ...     def accepts(self, sample: Sample) -> bool:
        ...         self.missing.discard(sample.value)
        ...         return True
        ...     def is_reached(self) -> bool:
        ...         return not self.missing
        >>> EveryDigit().is_reached()
        False
    """

    goal: int | None = None
    """How many samples are asked for, if the goal is a number of samples."""

    @abstractmethod
    def is_reached(self) -> bool:
        """Say whether the run is complete; asked after every sample that was accepted."""

    def accepts(self, sample: Sample) -> bool:
        """Take a sample into account, or refuse it: then it is counted as surplus."""
        return True

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        """Say whether this worker, which went down, is to be started again."""
        return True

    def progress(self) -> float:
        """Say how far the goal is, from 0.0 to 1.0."""
        return float(self.is_reached())


@define
class SampleCount(Collector):
    """Collects exactly `goal` samples.

    Example:
        >>> from rnd_actors import SampleCount
        >>> SampleCount(150).progress()
        0.0
    """

    goal: int
    _accepted: int = field(default=0, init=False)

    def is_reached(self) -> bool:
        return self._accepted >= self.goal

    def accepts(self, sample: Sample) -> bool:
        self._accepted += 1
        return True

    def progress(self) -> float:
        return self._accepted / self.goal
