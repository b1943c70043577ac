"""What each worker was doing when, by the times of its incarnations."""

from collections.abc import Iterator, Sequence
from enum import Enum
from math import ceil, inf

from attrs import frozen

from rnd_actors.collecting import Outcome
from rnd_actors.reporting._run_clock import RunClock
from rnd_actors.store import Incarnation, RunHistory

__all__ = ["Activity", "Lane", "Stretch", "Timeline", "timeline"]


class Activity(Enum):
    """What a worker is doing; the value is how it is drawn with characters.

    Example:
        >>> from rnd_actors.reporting import Activity
        >>> Activity.CRASHED.value
        'X'
    """

    STREAMING = "█"
    STARTING = "░"
    CRASHED = "X"
    DOWN = "·"


@frozen
class Stretch:
    """A time in which a worker did one thing, in seconds of the run.

    Example:
        >>> from rnd_actors.reporting import Activity, Stretch
        >>> Stretch(Activity.STREAMING, begin_s=0.5, end_s=2.0).activity.name
        'STREAMING'
    """

    activity: Activity
    begin_s: float
    end_s: float


@frozen
class Lane:
    """What one worker was doing; where there is no stretch it was down.

    Args:
        worker: its id.
        stretches: when it was starting or streaming, in order.
        crashes: when it went down by itself, in seconds of the run.

    Example:
        >>> from rnd_actors.reporting import Activity, Lane, Stretch
        >>> lane = Lane(3, (Stretch(Activity.STREAMING, 0.0, 1.0),), crashes=(1.0,))
        >>> "".join(activity.value for activity in lane.cells(2.0, 8))
        '████X···'
    """

    worker: int
    stretches: tuple[Stretch, ...]
    crashes: tuple[float, ...]

    @property
    def streaming_s(self) -> float:
        """Seconds of the run in which it was streaming."""
        return sum(
            stretch.end_s - stretch.begin_s
            for stretch in self.stretches
            if stretch.activity is Activity.STREAMING
        )

    def cells(self, end_s: float, count: int) -> tuple[Activity, ...]:
        """Cut the time up to `end_s` into equal cells, and return what happened in each.

        Of several things in a cell a crash counts before streaming, and that before starting.
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
    """What all workers were doing, from the first spawn to `end_s` seconds of the run.

    Args:
        end_s: when it ends: with the last sample if the run is complete, else when the last thing
            is known to have happened.
        lanes: one for each worker, by its id.
        breaks: where the run was resumed, in seconds of the run.

    Example:
        >>> from rnd_actors.reporting import Timeline
        >>> Timeline(end_s=9.1, lanes=(), breaks=(4.2,)).breaks
        (4.2,)
    """

    end_s: float
    lanes: tuple[Lane, ...]
    breaks: tuple[float, ...]


def timeline(history: RunHistory) -> Timeline:
    """Return what the workers of a run were doing.

    Example:
        >>> from rnd_actors.collecting import Collection
        >>> from rnd_actors.reporting import timeline
        >>> from rnd_actors.store import RunHistory, StoredRun
        >>> run = StoredRun(id=1, state="failed", started_at=0.0, samples=0, goal=150, workers=2,
        ...     sessions=0, elapsed_s=0.0, collector="SampleCount(goal=150)")
        >>> result = Collection.of({1: 3001, 2: 3002}).result(goal=150, deadline_s=None)
        >>> history = RunHistory(run=run, result=result, sessions=(), samples=(),
        ...     incarnations=())
        >>> [lane.worker for lane in timeline(history).lanes]
        [1, 2]
    """
    clock = RunClock.of(history)
    end_s = _end_s(history, clock)
    lives: dict[int, list[Incarnation]] = {worker.id: [] for worker in history.result.workers}
    for life in sorted(history.incarnations, key=lambda life: (life.worker, life.number)):
        lives.setdefault(life.worker, []).append(life)
    lanes = (_lane(worker, lives[worker], clock, end_s) for worker in sorted(lives))
    return Timeline(end_s, tuple(lanes), clock.ends[:-1])


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
        end = _end_of(life, following, clock)
        stretches += _stretches(life, min(end, end_s), clock)
        if life.failure is not None and end <= end_s:
            crashes.append(end)
    return Lane(worker, tuple(stretches), tuple(crashes))


def _end_of(life: Incarnation, following: Incarnation | None, clock: RunClock) -> float:
    """Return when it was over, which nobody has written down in time if the program died."""
    return min(
        clock.end_of_session(life.spawned_at),
        inf if life.ended_at is None else clock.seconds(life.ended_at),
        inf if following is None else clock.seconds(following.spawned_at),
    )


def _stretches(life: Incarnation, end: float, clock: RunClock) -> Iterator[Stretch]:
    begin = clock.seconds(life.spawned_at)
    streaming = end if life.streaming_at is None else min(clock.seconds(life.streaming_at), end)
    if begin < streaming:
        yield Stretch(Activity.STARTING, begin, streaming)
    if streaming < end:
        yield Stretch(Activity.STREAMING, streaming, end)
