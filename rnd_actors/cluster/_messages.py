"""What the processes of a run over hosts tell each other; frames carry it as JSON."""

import logging
from typing import Any, Final, Self, TypeAlias

from attrs import frozen

from rnd_actors import errors
from rnd_actors._printing import shown_error
from rnd_actors.errors import WorkerError
from rnd_actors.events import Event
from rnd_actors.workers import (
    MalformedLine,
    PortTaken,
    Samples,
    WorkerEvent,
    WorkerLogLost,
    WorkerSpawned,
    WorkerStreaming,
)

WINDOW: Final = 131_072
"""Lines of a shard that are on their way to the driver; at more its workers wait."""
_SMALL_BATCH: Final = 512
"""Lines that a batch counts as if it has fewer, since it costs no less than with so many."""


@frozen(kw_only=True)
class Order:
    """To the bridge, as its argument: which cluster to use.

    Args:
        address: of the scheduler, like `tcp://10.0.0.1:8786` or `tls://…`.
        scheduler_file: a file that the scheduler writes its address to; None: `address` is it.
        hosts: how many are wanted; None: all that are there.
        program: that every host must have; None: the stand-in, which they have.
        timeout_s: for the scheduler and the hosts to be there.
        epochs: those that the shards have had with an earlier bridge; none: this is the first.
    """

    address: str
    scheduler_file: str | None
    hosts: int | None
    program: str | None
    timeout_s: float
    epochs: tuple[int, ...] = ()


@frozen
class StartWorker:
    """To a shard: run one incarnation of a worker. The fields are those of `WorkerSettings`.

    Args:
        worker: its id.
        incarnation: its number in the run, 1 or more.
        port: where it is to listen.
        program: the program and its first arguments; None: the stand-in of that host.
        arguments: appended to the worker's own.
        start_timeout: in seconds.
        stall_timeout: in seconds.
        grace: in seconds.
        log: a folder of that host, which is made if it is missing; None: no logs.
    """

    worker: int
    incarnation: int
    port: int
    program: tuple[str, ...] | None
    arguments: tuple[str, ...]
    start_timeout: float
    stall_timeout: float
    grace: float
    log: str | None


@frozen
class StopWorker:
    """To a shard: end a worker in order; what it has read is sent before its `Ended`."""

    worker: int
    incarnation: int


def lines_in_window(batch: Samples) -> int:
    """Return how many lines of the window of its shard a batch takes."""
    return max(len(batch.values), _SMALL_BATCH)


@frozen
class Handled:
    """To a shard: how many lines of its epoch the driver has handled, so that it sends more.

    Args:
        lines: in all, each batch with as many as it takes of the window.
    """

    lines: int


@frozen
class Beat:
    """The sender lives: who hears none for a while takes it for dead.

    To a shard and from it, and from the bridge.
    """


@frozen
class End:
    """To the bridge and to a shard: the run is over."""


@frozen
class Hello:
    """From a shard, first: it waits for workers to start; `pid` is its process on that host."""

    pid: int


@frozen
class Failure:
    """The error of a worker on its way to another process: its fields, and its class by name."""

    error: str
    message: str
    last_words: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Describe an error; one that is no `WorkerError` becomes one, in words."""
        if not isinstance(error, WorkerError):
            error = WorkerError(shown_error(error))
        return cls(type(error).__name__, error.message, error.last_words)

    def to_error(self) -> WorkerError:
        """Return the error again; a class that is unknown here becomes `WorkerError`."""
        cls = getattr(errors, self.error, None)
        if not (isinstance(cls, type) and issubclass(cls, WorkerError)):
            cls = WorkerError
        return cls(self.message, self.last_words)


@frozen
class LinesRead:
    """From a shard: how many lines an incarnation has read, of which some cannot be sent yet."""

    worker: int
    incarnation: int
    lines: int


@frozen
class Ended:
    """From a shard: an incarnation of a worker is over, after all its samples.

    Args:
        worker: its id.
        incarnation: its number.
        failure: why it crashed; None: it was told to stop.
    """

    worker: int
    incarnation: int
    failure: Failure | None


@frozen
class Parcel:
    """From the bridge: the next `frames` frames come from a shard, as its parcel with a number.

    Parcels of an epoch are numbered from 1 on; one that was sent again comes twice.
    """

    shard: int
    epoch: int
    number: int
    frames: int


@frozen
class ToShard:
    """To the bridge: hand the next frame on to a shard, if this is still its epoch."""

    shard: int
    epoch: int


@frozen
class Connected:
    """From the first bridge: hosts are there, and so many shards will be on them."""

    shards: int


@frozen
class Ready:
    """From the bridge: the shards are up, as far as there are hosts; the run can begin."""


@frozen
class Refused:
    """From the bridge, as its last word: why the cluster cannot be used, or no more."""

    why: str


@frozen
class ShardUp(Event):
    """A shard of the workers runs on a host.

    Args:
        shard: its number, 1 or more.
        epoch: 1, and one more each time that it is placed again.
        host: the address of the host.
    """

    level = logging.INFO
    shard: int
    epoch: int
    host: str

    def __str__(self) -> str:
        again = f", for the {self.epoch}. time" if self.epoch > 1 else ""
        return f"shard {self.shard} is up on {self.host}{again}"


@frozen
class ShardLost(Event):
    """A shard is lost, with its workers; it is placed again, on another host if there is one."""

    level = logging.WARNING
    shard: int
    epoch: int
    host: str
    why: str

    def __str__(self) -> str:
        return f"shard {self.shard} on {self.host} is lost: {self.why}"


@frozen
class HostRefused(Event):
    """A host is not used, since it cannot run workers."""

    level = logging.WARNING
    host: str
    why: str

    def __str__(self) -> str:
        return f"host {self.host} is not used: {self.why}"


FromShard: TypeAlias = Samples | LinesRead | WorkerEvent | Ended | Hello | Beat
"""The messages of a shard to the driver."""

MESSAGES: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (
        *(StartWorker, StopWorker, Handled, Beat, End),
        *(Hello, Samples, LinesRead, Ended),
        *(WorkerSpawned, WorkerStreaming, MalformedLine, PortTaken, WorkerLogLost),
        *(Parcel, ToShard, Connected, Ready, Refused, ShardUp, ShardLost, HostRefused),
    )
}
"""All messages by their names in frames."""
