"""The goal to have as many samples of each worker."""

from collections import Counter

from attrs import define, field

from rnd_actors._validators import whole_number
from rnd_actors.collecting._collector import Collector
from rnd_actors.collecting._sample import Sample

__all__ = ["WorkerQuota"]


@define
class WorkerQuota(Collector):
    """Collects the same number of samples of each worker; what a worker sends beyond is surplus.

    Args:
        quota: samples of each worker, 1 or more.
        workers: how many workers the run has, 1 to 1000.

    Raises:
        SettingsError: a value is out of range.

    Example:
        >>> from rnd_actors import WorkerQuota
        >>> WorkerQuota(quota=10, workers=4).goal
        40
    """

    quota: int = field(validator=whole_number(1, 10**9))
    workers: int = field(default=16, validator=whole_number(1, 1000))
    goal: int = field(init=False)
    _accepted: Counter[int] = field(factory=Counter, init=False)

    @goal.default
    def _all(self) -> int:
        return self.quota * self.workers

    def accepts(self, sample: Sample) -> bool:
        if self._accepted[sample.worker] >= self.quota:
            return False
        self._accepted[sample.worker] += 1
        return True

    def is_reached(self, sample: Sample) -> bool:
        return self._accepted.total() >= self.goal

    def progress(self) -> float:
        return self._accepted.total() / self.goal
