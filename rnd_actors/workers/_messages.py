"""What a worker actor tells: samples to its collector, events to everybody."""

import logging

from attrs import frozen

from rnd_actors.actors import Event

__all__ = [
    "MalformedLine",
    "PortTaken",
    "Samples",
    "WorkerEvent",
    "WorkerLogLost",
    "WorkerSpawned",
    "WorkerStreaming",
]


@frozen
class Samples:
    """Lines that one incarnation of a worker has read, in order and without gaps.

    A sample is identified by (worker, incarnation, seq); `values[i]` has seq `first_seq + i`.

    Args:
        worker: the worker's id, 1 or more.
        incarnation: of the worker's actor, and so of its process; 1 or more.
        first_seq: how many samples of this incarnation came before, 0 or more.
        values: the numbers.
        malformed: how many lines that are no sample came with them.
        received: how many lines this incarnation has read so far, these included.
        received_at: when they were read, in seconds of the monotonic clock.

    Example:
        >>> from rnd_actors import Samples
        >>> Samples(1, 1, 0, (17, 42), malformed=1, received=3, received_at=12.5).values
        (17, 42)
    """

    worker: int
    incarnation: int
    first_seq: int
    values: tuple[int, ...]
    malformed: int
    received: int
    received_at: float


@frozen
class WorkerEvent(Event):
    """The base of what happens to the worker with the id `worker` (1 or more).

    Example:
        >>> from rnd_actors import WorkerEvent, WorkerStreaming
        >>> isinstance(WorkerStreaming(worker=3, incarnation=1), WorkerEvent)
        True
    """

    worker: int
    incarnation: int


@frozen
class WorkerSpawned(WorkerEvent):
    """The worker's process runs; it may not listen yet.

    Example:
        >>> from rnd_actors import WorkerSpawned
        >>> print(WorkerSpawned(worker=3, incarnation=1, pid=4711, port=3003))
        worker 3 spawned: pid 4711, port 3003
    """

    pid: int
    port: int

    def __str__(self) -> str:
        return f"worker {self.worker} spawned: pid {self.pid}, port {self.port}"


@frozen
class WorkerStreaming(WorkerEvent):
    """The worker has answered the request, and its numbers follow.

    Example:
        >>> from rnd_actors import WorkerStreaming
        >>> print(WorkerStreaming(worker=3, incarnation=1))
        worker 3 streams
    """

    def __str__(self) -> str:
        return f"worker {self.worker} streams"


@frozen
class MalformedLine(WorkerEvent):
    """The worker sent lines that are no samples: so many together, `line` begins the last one.

    Example:
        >>> from rnd_actors import MalformedLine
        >>> print(MalformedLine(worker=3, incarnation=1, line=b"rnd=oops"))
        worker 3 sent a malformed line: b'rnd=oops'
    """

    level = logging.WARNING
    line: bytes
    number: int = 1

    def __str__(self) -> str:
        if self.number == 1:
            return f"worker {self.worker} sent a malformed line: {self.line!r}"
        lines = f"{self.number} malformed lines, the last"
        return f"worker {self.worker} sent {lines}: {self.line!r}"


@frozen
class PortTaken(WorkerEvent):
    """Another program listens on the worker's port, so this incarnation gets another one.

    Example:
        >>> from rnd_actors import PortTaken
        >>> print(PortTaken(worker=3, incarnation=1, port=3003, instead=40417))
        port 3003 is taken by another program; worker 3 gets port 40417 instead
    """

    level = logging.WARNING
    port: int
    instead: int

    def __str__(self) -> str:
        taken = f"port {self.port} is taken by another program"
        return f"{taken}; worker {self.worker} gets port {self.instead} instead"


@frozen
class WorkerLogLost(WorkerEvent):
    """What the worker writes from here on is not kept: its log cannot be written.

    Example:
        >>> from rnd_actors import WorkerLogLost
        >>> print(WorkerLogLost(worker=3, incarnation=1, why="No space left on device"))
        the log of worker 3 is given up: No space left on device
    """

    level = logging.WARNING
    why: str

    def __str__(self) -> str:
        return f"the log of worker {self.worker} is given up: {self.why}"
