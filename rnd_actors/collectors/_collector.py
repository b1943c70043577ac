"""A sample, and the collector, which decides what to keep, when to stop and whom to restart."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from rnd_actors.actors import ExitReason


@frozen
class Sample:
    """A number that a worker sent, identified by (worker, incarnation, seq).

    Args:
        index: its place among the samples of the run, from 0.
        value: the number.
        worker: the worker's id.
        incarnation: the worker's incarnation that sent it, from 1.
        seq: its place among the samples of that incarnation, from 0.
        received_at: seconds since the epoch; setting the clock during a run does not change it.
    """

    index: int
    value: int
    worker: int
    incarnation: int
    seq: int
    received_at: float


class Collector(ABC):
    """Decides what a run collects. A subclass has to write only `is_reached`.

    One collector serves one run and keeps its state in itself: if one of its methods raises, the
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
    """

    counts_only: ClassVar[bool] = False
    """Whether only the number of samples matters, at most `goal`. Then samples that came together
    are accepted together, and `is_reached` is called with the last of them only, which is many
    times as fast. A subclass with its own `accepts` or `is_reached` has to set it again."""

    goal: int | None = None
    """The number of samples to collect; None: the goal is no number of samples."""

    duration: float | None = None
    """Seconds from the first spawn until the run is complete; None: the goal is no time."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "counts_only" not in vars(cls) and {"accepts", "is_reached"} & vars(cls).keys():
            cls.counts_only = False

    @abstractmethod
    def is_reached(self, sample: Sample) -> bool:
        """Return whether the run is complete; called with each sample that was accepted.

        The `index` of the sample is the number of those that were accepted before it.
        """

    def accepts(self, sample: Sample) -> bool:
        """Return whether a sample counts; one that is refused is surplus."""
        return True

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        """Return whether to restart this worker, which went down for that reason."""
        return True

    def progress(self) -> float:
        """Return the share of the goal that is reached, 0.0 to 1.0; 0.0 if it is unknown."""
        return 0.0

    def findings(self) -> Mapping[str, float | int | str | None]:
        """Return findings by name, which become part of the result, complete or not."""
        return {}
