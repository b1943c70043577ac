"""What a store knows of a run, as objects."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from attrs import frozen

from rnd_actors.collectors import Counts, Result, Sample


@frozen(kw_only=True)
class RunDescription:
    """The beginning of a run, as it is recorded.

    Args:
        settings: plain data that the run is made of again when it is resumed.
        collector_spec: plain data that its collector is made of again; None if it cannot be.
        collector: what it collects, in words.
        goal: in samples; None if it is no number of samples.
    """

    settings: Mapping[str, Any]
    collector_spec: Mapping[str, Any] | None
    collector: str
    goal: int | None


@frozen(kw_only=True)
class StoredRun:
    """A run as it is listed.

    Args:
        id: from 1, in the order in which runs were begun.
        state: `running`, `died` (its program ended without a result) or the value of an `Outcome`.
        started_at: seconds since the epoch.
        samples: how many are stored.
        goal: how many are wanted; None if the goal is no number of samples.
        workers: the number of its workers.
        sessions: 1, and one more for each time it was resumed.
        elapsed_s: seconds that its sessions took together, each up to its last sample.
        collector: what it collects, in words.
        worker: the program of its workers, with the first arguments.
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
    """A part of a run without a break: the first one, or one after it was resumed.

    Args:
        number: from 1.
        started_at: the time of its first spawn, in seconds since the epoch.
        elapsed_s: seconds from there to its last sample.
        host: the name of the computer; None if it is not known.
    """

    number: int
    started_at: float
    elapsed_s: float
    host: str | None = None


@frozen(kw_only=True)
class Incarnation:
    """One process of a worker. Times are seconds since the epoch; None: it did not happen.

    Args:
        worker: the worker's id.
        number: of the incarnation, from 1; a resumed run counts on.
        port: its port.
        pid: its process id.
        spawned_at: when the process was started.
        streaming_at: when it answered the request.
        ended_at: when it ended; None: it was alive when the program died.
        failure: why it ended by itself; None: it was told to stop, or the reason is not known.
        host: of a cluster, where it was; None: it was on the computer of the session.
    """

    worker: int
    number: int
    port: int
    pid: int
    spawned_at: float
    streaming_at: float | None
    ended_at: float | None
    failure: str | None
    host: str | None = None


@frozen(kw_only=True)
class StoredEvent:
    """An event of a run: `at` is seconds since the epoch, `level` is one of `logging`."""

    at: float
    level: int
    kind: str
    text: str


@frozen(kw_only=True)
class RunHistory:
    """A run with its result, sessions, workers and samples; the latter in order of their index."""

    run: StoredRun
    result: Result
    sessions: tuple[Session, ...]
    samples: Sequence[Sample]
    incarnations: tuple[Incarnation, ...]


@frozen(kw_only=True)
class Checkpoint:
    """The stored state of a run that has not reached its goal, from which it can go on.

    Args:
        run: as it is listed.
        is_own: whether this user has begun it, and nobody has changed `settings` and
            `collector_spec` since: they name programs and files, and are not to be trusted
            otherwise.
        settings: plain data of the settings that it was begun with.
        collector_spec: plain data that its collector is made of again; None if it cannot be.
        samples: all that it has collected.
        counts: what it knew of its workers.
        incarnations: the highest number that each worker had; none for those that never ran.
        hosts: where each incarnation of a worker was, by both numbers, if that was in a cluster.
    """

    run: StoredRun
    is_own: bool
    settings: dict[str, Any]
    collector_spec: dict[str, Any] | None
    samples: tuple[Sample, ...]
    counts: Counts
    incarnations: dict[int, int]
    hosts: dict[tuple[int, int], str]


class StoredSamples(Sequence[Sample]):
    """The samples of a run in forty bytes each, since there may be millions.

    They are kept in columns, at the place of their index, and each is made when it is asked for.

    Args:
        batches: rows of all fields of a sample, from the first one on.
    """

    def __init__(self, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        self._columns = tuple(array(kind) for kind in "qqqqd")
        for rows in batches:
            _, *columns = zip(*rows, strict=True)
            for column, values in zip(self._columns, columns, strict=True):
                column.extend(values)

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, at: int) -> Sample: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Sample, ...]: ...
    def __getitem__(self, at: int | slice) -> Sample | tuple[Sample, ...]:
        places = range(len(self))[at]
        if isinstance(places, range):
            return tuple(self[place] for place in places)
        return Sample(places, *(column[places] for column in self._columns))

    def __iter__(self) -> Iterator[Sample]:
        return map(Sample, range(len(self)), *self._columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]
