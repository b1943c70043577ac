"""What is read from a store: runs, their sessions, and the incarnations of their workers."""

from collections.abc import Sequence

from attrs import frozen

from rnd_actors.collecting import Result, Sample

__all__ = ["Incarnation", "RunHistory", "Session", "StoredEvent", "StoredRun"]


@frozen(kw_only=True)
class StoredRun:
    """One run, as a list of runs tells of it.

    Args:
        id: from 1, in the order in which runs were begun.
        state: `running`, `died` (it ended without a word) or the value of an `Outcome`.
        started_at: seconds since the epoch.
        samples: how many are stored.
        goal: how many are wanted; None if the goal is no number of samples.
        workers: how many there are.
        sessions: how often it was begun or resumed.
        elapsed_s: seconds that its sessions took together, up to the last sample.
        collector: what it collects, in words.
        worker: the program that is its worker, and the first arguments of that.

    Example:
        >>> from rnd_actors.store import StoredRun
        >>> run = StoredRun(id=1, state="complete", started_at=0.0, samples=150, goal=150,
        ...     workers=16, sessions=1, elapsed_s=9.1, collector="SampleCount(goal=150)")
        >>> run.state
        'complete'
    """

    id: int
    state: str
    started_at: float
    samples: int
    goal: int | None
    workers: int
    sessions: int
    elapsed_s: float
    collector: str
    worker: tuple[str, ...] = ()


@frozen(kw_only=True)
class Session:
    """A stretch of a run without a break: from its beginning, or from a resumption.

    Args:
        number: from 1.
        started_at: seconds since the epoch, of its first spawn.
        elapsed_s: seconds from then to its last sample.
        host: the name of the computer; None if it is not known.

    Example:
        >>> from rnd_actors.store import Session
        >>> Session(number=1, started_at=1.8e9, elapsed_s=9.1).elapsed_s
        9.1
    """

    number: int
    started_at: float
    elapsed_s: float
    host: str | None = None


@frozen(kw_only=True)
class Incarnation:
    """One life of a worker; times are seconds since the epoch, None for what did not happen.

    Args:
        worker: the worker's id.
        number: of the incarnation, from 1; resumed runs count on.
        port: where it listened.
        pid: of its process.
        spawned_at: when its process was started.
        streaming_at: when it answered the request.
        ended_at: when it was over; None: it was alive when the program died.
        failure: why it went down by itself; None: it was told to stop, or it is not known.

    Example:
        >>> from rnd_actors.store import Incarnation
        >>> life = Incarnation(worker=3, number=1, port=3003, pid=4711, spawned_at=1.8e9,
        ...     streaming_at=1.8e9, ended_at=None, failure=None)
        >>> life.ended_at is None
        True
    """

    worker: int
    number: int
    port: int
    pid: int
    spawned_at: float
    streaming_at: float | None
    ended_at: float | None
    failure: str | None


@frozen(kw_only=True)
class StoredEvent:
    """An event of a run: `at` is seconds since the epoch, `level` is one of `logging`.

    Example:
        >>> from rnd_actors.store import StoredEvent
        >>> StoredEvent(at=1.8e9, level=30, kind="PortTaken", text="port 3003 is taken").kind
        'PortTaken'
    """

    at: float
    level: int
    kind: str
    text: str


@frozen(kw_only=True)
class RunHistory:
    """All that a store knows of a run; the samples are in the order of their index.

    Example:
        >>> from rnd_actors import Collection
        >>> from rnd_actors.store import RunHistory, Session, StoredRun
        >>> run = StoredRun(id=1, state="complete", started_at=100.0, samples=2, goal=2,
        ...     workers=1, sessions=2, elapsed_s=3.0, collector="SampleCount(goal=2)")
        >>> sessions = (Session(number=1, started_at=100.0, elapsed_s=2.0),
        ...     Session(number=2, started_at=500.0, elapsed_s=1.0))
        >>> result = Collection.of({1: 3001}).result(goal=2, deadline_s=None)
        >>> history = RunHistory(run=run, result=result, sessions=sessions, samples=(),
        ...     incarnations=(), events=())
        >>> history.active_s(500.5)
        2.5
    """

    run: StoredRun
    result: Result
    sessions: tuple[Session, ...]
    samples: Sequence[Sample]
    incarnations: tuple[Incarnation, ...]
    events: tuple[StoredEvent, ...]

    def active_s(self, at: float) -> float:
        """Return the seconds that the run had been going on at a time, without its breaks.

        Args:
            at: seconds since the epoch.
        """
        before = 0.0
        for session, following in zip(self.sessions, (*self.sessions[1:], None), strict=True):
            if following is None or at < following.started_at:
                return before + max(0.0, at - session.started_at)
            before += session.elapsed_s
        return 0.0
