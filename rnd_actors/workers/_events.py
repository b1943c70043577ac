"""What happens to third-party workers, as events."""

import logging

from attrs import frozen

from rnd_actors.actors import Event

__all__ = ["MalformedLine", "WorkerEvent", "WorkerSpawned", "WorkerStreaming"]


@frozen
class WorkerEvent(Event):
    """The base of what happens to the worker with the id `worker` (1 or more)."""

    worker: int
    incarnation: int


@frozen
class WorkerSpawned(WorkerEvent):
    """The worker's process runs; it may not listen yet."""

    pid: int
    port: int

    def __str__(self) -> str:
        return f"worker {self.worker} spawned: pid {self.pid}, port {self.port}"


@frozen
class WorkerStreaming(WorkerEvent):
    """The worker has answered the request, and its numbers follow."""

    def __str__(self) -> str:
        return f"worker {self.worker} streams"


@frozen
class MalformedLine(WorkerEvent):
    """The worker sent a line that is no sample; `line` is its beginning."""

    level = logging.WARNING
    line: bytes

    def __str__(self) -> str:
        return f"worker {self.worker} sent a malformed line: {self.line!r}"
