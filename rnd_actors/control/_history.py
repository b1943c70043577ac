"""What a run was like so far, for those who come late: bounded, however long it goes on."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from typing import Any, Final

import gevent

from rnd_actors._histogram import histogram_of
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.control._events import actor_named_by
from rnd_actors.events import Event
from rnd_actors.running import Progress, WorkerState

_MOST_POINTS: Final = 600
_MOST_CHANGES: Final = 200
_MOST_KINDS: Final = 1000
_COUNTED_AT_ONCE: Final = 50_000


class History:
    """Subscriber of the event stream that keeps how the total has grown, and the states of workers.

    Args:
        progress: of the run; it is told each event before this one is.
        values: the samples that count, a list that grows.
    """

    def __init__(self, progress: Progress, values: Sequence[int]) -> None:
        self._progress = progress
        self._points: list[tuple[float, int]] = []
        self._gap_s = 0.0
        self._lanes = defaultdict[int, deque[tuple[float, str]]](
            lambda: deque(maxlen=_MOST_CHANGES)
        )
        self._values = _Values(values)

    def __call__(self, event: Event) -> None:
        if isinstance(event, SamplesAccepted):
            self._add_point(self._progress.elapsed_s, event.total)
        elif (name := actor_named_by(event)) is not None:
            self._note_state(name)

    def to_plain(self) -> dict[str, Any]:
        """Return `samples` (seconds, total), `lanes` (seconds, state) and a `histogram`.

        Of samples there are 600 points at most, and 200 changes of each lane, the last ones. The
        bars of the histogram lie between `edges`, the last of which belongs to the last bar.
        """
        bars = histogram_of(self._values.counted())
        edges = [bar.low for bar in bars] + [bar.high for bar in bars[-1:]]
        return {
            "samples": list(self._points),
            "lanes": {worker: list(changes) for worker, changes in self._lanes.items()},
            "histogram": {"edges": edges, "counts": [bar.count for bar in bars]},
        }

    def _add_point(self, at: float, total: int) -> None:
        """Add a point, or move the last one if it is too near to the one before it."""
        points = self._points
        if len(points) > 1 and at - points[-2][0] < self._gap_s:
            points[-1] = at, total
            return
        points.append((at, total))
        if len(points) > _MOST_POINTS:
            del points[1:-1:2]
            self._gap_s = 2 * (at - points[0][0]) / _MOST_POINTS

    def _note_state(self, name: str) -> None:
        before, _, worker = name.partition("workers/")
        is_worker = not before and worker.isdecimal()
        row = self._progress.workers.get(int(worker)) if is_worker else None
        if row is None:
            return
        lane = self._lanes[int(worker)]
        former = lane[-1][1] if lane else WorkerState.WAITING.value
        if row.state.value != former:
            lane.append((self._progress.elapsed_s, row.state.value))


class _Values:
    """How often each value has come; if there are too many kinds, ranges of them are counted."""

    def __init__(self, values: Sequence[int]) -> None:
        self._values = values
        self._counted = 0
        self._counts = Counter[int]()
        self._width = 1

    def counted(self) -> dict[int, int]:
        """Count the values that are new, and return the counts by the least value of each range."""
        while self._counted < len(self._values):
            some = self._values[self._counted : self._counted + _COUNTED_AT_ONCE]
            self._counted += len(some)
            self._counts.update(some if self._width == 1 else (x // self._width for x in some))
            while len(self._counts) > _MOST_KINDS:
                self._coarsen()
            gevent.sleep(0)
        return {key * self._width: count for key, count in self._counts.items()}

    def _coarsen(self) -> None:
        finer, self._counts = self._counts, Counter[int]()
        for key, count in finer.items():
            self._counts[key // 2] += count
        self._width *= 2
