"""A running worker, as its actor sees it: a real process, or one that is simulated."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

from gevent.event import Event

from rnd_actors.workers._settings import WorkerSettings

__all__ = ["Spawn", "Stream", "Worker"]


class Stream(Protocol):
    """The answer of a worker to one request; iterating gives it in chunks, as they come.

    Example:
        >>> from rnd_actors import Stream
        >>> def first_chunk(stream: Stream) -> bytes:
        ...     return next(iter(stream))
    """

    def __iter__(self) -> Iterator[bytes]:
        """Give the chunks.

        Raises:
            WorkerSilentError: the next one does not come within `stall_timeout`.
            StreamCutError: the connection ended early.
        """
        ...

    def close(self) -> None:
        """End the answer, without waiting for the rest."""


class Worker(Protocol):
    """A worker that has been spawned, and that one `WorkerActor` owns.

    Example:
        >>> from rnd_actors import Worker
        >>> def has_crashed(worker: Worker) -> bool:
        ...     return bool(worker.exit_code)
    """

    pid: int
    """The number of its process; of a simulated one the worker's id."""
    port: int
    """Where it listens: that of its settings, or another one if that is taken."""
    exited: Event
    """Set once it has ended."""
    exit_code: int | None
    """As in `subprocess`: -9 means that signal 9 ended it. None as long as it runs, and if
    something else in this program has waited for it."""
    said_started: Event
    """Set once it has said that it listens, or has ended."""

    def read_output(self, keep: Callable[[bytes], object]) -> None:
        """Read what it writes until it ends, which takes as long as it runs, and hand it on."""

    def last_words(self) -> tuple[str, ...]:
        """Return the last lines that it wrote."""

    def open_stream(self, settings: WorkerSettings) -> Stream:
        """Ask for numbers.

        Raises:
            WorkerUnreachableError: it does not listen.
            WorkerBusyError: it has another reader.
            WorkerRefusedError: it answers with something else than numbers.
            WorkerSilentError: it does not answer.
            StreamCutError: the connection ended early.
        """

    def end(self, grace: float) -> None:
        """End it: politely first, by force after `grace` seconds."""


Spawn: TypeAlias = Callable[[WorkerSettings], Worker]
"""How a worker is started: `WorkerProcess.spawn`, or a `SimulatedWorker`."""
