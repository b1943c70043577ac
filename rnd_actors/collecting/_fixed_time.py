"""The goal to collect for some time."""

from typing import ClassVar

from attrs import define, field

from rnd_actors._validators import seconds
from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._sample import Sample

__all__ = ["FixedTime"]


@define
class FixedTime(Collector):
    """Collects whatever comes for a fixed time.

    Args:
        duration: seconds from the first spawn, > 0; breaks of a resumed run do not count.

    Raises:
        SettingsError: it is out of range.

    Example:
        >>> from rnd_actors import FixedTime
        >>> FixedTime(duration=10.0).duration
        10.0
    """

    counts_only: ClassVar[bool] = True

    duration: float = field(validator=seconds)

    def is_reached(self, sample: Sample) -> bool:
        return False
