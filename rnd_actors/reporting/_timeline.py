"""The timeline of a run, by the times of its incarnations, as data and as rows of characters."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import accumulate
from math import ceil, inf
from typing import Final

from attrs import frozen

from rnd_actors.collectors import Outcome, by_host
from rnd_actors.store import Incarnation, RunHistory


class Activity(Enum):
    """The activity of a worker; the value is the character that draws it."""

    STREAMING = "█"
    STARTING = "░"
    CRASHED = "X"
    DOWN = "·"


LEGEND: Final = "  ".join(f"{activity.value} {activity.name.lower()}" for activity in Activity)
"""The meaning of the characters in a drawn timeline."""


@frozen
class Stretch:
    """A time in which a worker did one thing, in seconds of the run."""

    activity: Activity
    begin_s: float
    end_s: float


@frozen
class Lane:
    """The activities of one worker; between stretches it was down.

    Args:
        worker: its id.
        stretches: when it was starting or streaming, in order.
        crashes: when it went down by itself, in seconds of the run.
    """

    worker: int
    stretches: tuple[Stretch, ...]
    crashes: tuple[float, ...]

    @property
    def streaming_s(self) -> float:
        """Seconds of the run in which the worker was streaming."""
        return sum(
            stretch.end_s - stretch.begin_s
            for stretch in self.stretches
            if stretch.activity is Activity.STREAMING
        )

    def cells(self, end_s: float, count: int) -> tuple[Activity, ...]:
        """Cut the time up to `end_s` into equal cells, and return the activity in each.

        Of several activities in a cell a crash counts before streaming, and that before starting.
        """
        cells = [Activity.DOWN] * count
        scale = count / end_s if end_s else 0.0
        for activity in (Activity.STARTING, Activity.STREAMING):
            for stretch in self.stretches:
                if stretch.activity is activity:
                    first, last = int(stretch.begin_s * scale), ceil(stretch.end_s * scale)
                    cells[first:last] = [activity] * (last - first)
        for at in self.crashes:
            cells[min(int(at * scale), count - 1)] = Activity.CRASHED
        return tuple(cells)


@frozen
class Timeline:
    """The activities of all workers, from the first spawn to `end_s` seconds of the run.

    Args:
        end_s: the time of the last sample if the run is complete, else of the last thing that is
            known to have happened.
        lanes: one for each worker, by its id; in a cluster host by host.
        breaks: where the run was resumed, in seconds of the run.
    """

    end_s: float
    lanes: tuple[Lane, ...]
    breaks: tuple[float, ...]


def timeline(history: RunHistory) -> Timeline:
    """Return the timeline of a run, whether it is over or not."""
    clock = RunClock(history)
    end_s = _end_s(history, clock)
    workers = by_host(history.result.workers)
    lives: dict[int, list[Incarnation]] = {worker.id: [] for worker in workers}
    for life in sorted(history.incarnations, key=lambda life: (life.worker, life.number)):
        lives.setdefault(life.worker, []).append(life)
    lanes = (_lane(worker, lives[worker], clock, end_s) for worker in lives)
    return Timeline(end_s, tuple(lanes), clock.breaks)


def draw_timeline(timeline: Timeline, width: int) -> Iterator[tuple[str, tuple[Activity, ...]]]:
    """Yield a label and the cells of each worker, which take `width` columns together."""
    labels = [f"{lane.worker} " for lane in timeline.lanes]
    longest = max(map(len, labels), default=0)
    for label, lane in zip(labels, timeline.lanes, strict=True):
        yield label.rjust(longest), lane.cells(timeline.end_s, max(1, width - longest))


class RunClock:
    """Converts times since the epoch into seconds of a run; each stays within its session."""

    def __init__(self, history: RunHistory) -> None:
        ends = tuple(accumulate(session.elapsed_s for session in history.sessions))
        self.breaks = ends[:-1]
        self._starts = [session.started_at for session in history.sessions]
        self._bounds = list(zip((0.0, *self.breaks), (*self.breaks, inf), strict=True))
        """Of each session, in seconds of the run; the last one may go on."""

    def seconds(self, at: float) -> float:
        """Return the seconds that the run had been going on at a time since the epoch.

        The time between the last sample of a session and the next session counts as its end.
        """
        session = self._session(at)
        begin, end = self._bounds[session]
        return min(begin + max(0.0, at - self._starts[session]), end)

    def end_of_session(self, at: float) -> float:
        """Return the end of the session that contains `at`, infinity for the last one."""
        return self._bounds[self._session(at)][1]

    def _session(self, at: float) -> int:
        return max(0, bisect_right(self._starts, at) - 1)


def _end_s(history: RunHistory, clock: RunClock) -> float:
    if history.run.state == Outcome.COMPLETE.value:
        return history.run.elapsed_s
    times = [sample.received_at for sample in history.samples[-1:]]
    for life in history.incarnations:
        times += filter(None, (life.spawned_at, life.streaming_at, life.ended_at))
    return max(map(clock.seconds, times), default=history.run.elapsed_s)


def _lane(worker: int, lives: Sequence[Incarnation], clock: RunClock, end_s: float) -> Lane:
    stretches: list[Stretch] = []
    crashes: list[float] = []
    for life, following in zip(lives, (*lives[1:], None), strict=False):
        begin, end = clock.seconds(life.spawned_at), _end_of(life, following, clock)
        if life.failure is not None and end <= end_s:
            crashes.append(end)
        shown = min(end, end_s)
        ready = inf if life.streaming_at is None else clock.seconds(life.streaming_at)
        streaming = min(ready, shown)
        if begin < streaming:
            stretches.append(Stretch(Activity.STARTING, begin, streaming))
        if streaming < shown:
            stretches.append(Stretch(Activity.STREAMING, streaming, shown))
    return Lane(worker, tuple(stretches), tuple(crashes))


def _end_of(life: Incarnation, following: Incarnation | None, clock: RunClock) -> float:
    """Return the end of an incarnation, which is recorded late or never if the program died."""
    return min(
        clock.end_of_session(life.spawned_at),
        inf if life.ended_at is None else clock.seconds(life.ended_at),
        inf if following is None else clock.seconds(following.spawned_at),
    )
