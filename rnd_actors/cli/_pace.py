"""How fast a run is, how fast it could be, and when it will be over."""

from statistics import median
from typing import Final

from attrs import define, field

__all__ = ["Pace"]

_TELLING: Final = 4
"""Samples that most workers have sent before one that has fewer than half is said to be behind."""


@define
class WorkerPace:
    """What one worker has sent in this session; times are seconds of some clock."""

    samples: int = 0
    _last_at: float | None = None
    """When its present incarnation has sent its last sample so far."""
    _intervals: int = 0
    _interval_s: float = 0.0

    def spawned(self) -> None:
        """Note that an incarnation begins: what is before its first sample is no interval."""
        self._last_at = None

    def accepted(self, count: int, at: float) -> None:
        """Note samples of the present incarnation."""
        if self._last_at is not None:
            self._intervals += count
            self._interval_s += at - self._last_at
        self._last_at = at
        self.samples += count

    @property
    def rate_per_s(self) -> float | None:
        """Samples a second within incarnations; None as long as there is no telling."""
        return self._intervals / self._interval_s if self._interval_s > 0 else None


@define
class Pace:
    """What the workers with the ids from 1 to `workers` have sent in this session."""

    workers: int
    _paces: dict[int, WorkerPace] = field(init=False)
    _first_at: float | None = None
    _last_at: float = 0.0
    _samples: int = 0

    def __attrs_post_init__(self) -> None:
        self._paces = {worker: WorkerPace() for worker in range(1, self.workers + 1)}

    def spawned(self, worker: int) -> None:
        """Note that an incarnation of a worker begins."""
        self._paces[worker].spawned()

    def accepted(self, worker: int, count: int, at: float) -> None:
        """Note samples of a worker."""
        self._last_at = at
        if self._first_at is None:
            self._first_at = at
        self._samples += count
        self._paces[worker].accepted(count, at)

    @property
    def rate_per_s(self) -> float | None:
        """Samples a second; None as long as there is no telling."""
        if self._first_at is None:
            return None
        # A worker's first sample starts its clock: counted, it would double the rate at first.
        intervals = self._samples - sum(pace.samples > 0 for pace in self._paces.values())
        seconds = self._last_at - self._first_at
        return intervals / seconds if intervals > 0 and seconds > 0 else None

    @property
    def ideal_rate_per_s(self) -> float | None:
        """Samples a second if all workers streamed all the time, each as fast as most do."""
        rates = [rate for pace in self._paces.values() if (rate := pace.rate_per_s) is not None]
        return self.workers * median(rates) if rates else None

    @property
    def worst(self) -> int | None:
        """The worker that has sent least, if that is clearly less than most have sent."""
        worker = min(self._paces, key=lambda worker: self._paces[worker].samples)
        usual = median(pace.samples for pace in self._paces.values())
        behind = self._paces[worker].samples < usual / 2
        return worker if behind and usual >= _TELLING else None
