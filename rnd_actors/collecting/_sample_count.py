"""The goal that most runs have: a number of samples."""

from typing import ClassVar

from attrs import define, field

from rnd_actors._validators import whole_number
from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._sample import Sample

__all__ = ["SampleCount"]


@define
class SampleCount(Collector):
    """Collects exactly `goal` samples.

    Args:
        goal: how many, 1 or more.

    Raises:
        SettingsError: the goal is no such number.

    Example:
        >>> from rnd_actors import SampleCount
        >>> SampleCount(150).progress()
        0.0
    """

    counts_only: ClassVar[bool] = True

    goal: int = field(validator=whole_number(1, 10**9))
    _accepted: int = field(default=0, init=False)

    def is_reached(self, sample: Sample) -> bool:
        self._accepted = sample.index + 1
        return self._accepted >= self.goal

    def progress(self) -> float:
        return self._accepted / self.goal
