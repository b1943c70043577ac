"""The sink actor: gathers samples and has them written in a thread."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, TypeAlias

from attrs import frozen
from gevent.threadpool import ThreadPool

from rnd_actors.actors import Actor, Crashed, ExitReason
from rnd_actors.collecting import Accepted, Sample
from rnd_actors.sinks._writer import SampleWriter

__all__ = ["Sink", "SinkMessage"]

_FLUSH_S: Final = 1.0
_BATCH: Final = 1000


@frozen
class Flush:
    """Told to itself by a sink: write what you have."""


SinkMessage: TypeAlias = Accepted | Flush
"""What a `Sink` accepts: from others only `Accepted`."""


class Sink(Actor[SinkMessage]):
    """Writes samples in batches: as soon as there are 1000, after a second, and at the end.

    The writer works in a thread of its own, so that a slow disk never holds up the loop. Meanwhile
    the sink waits: give it a bounded mailbox, then those who send samples wait, too. An error of
    the writer ends the sink. Virtual time has no threads, and so no sinks.

    Args:
        writer: what it writes with.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from rnd_actors import Accepted, ActorSystem, ChildSpec, Sample
        >>> from rnd_actors.sinks import Sink, writer_for
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "samples.csv")
        ...     with ActorSystem() as system:
        ...         make = lambda: Sink(writer_for(path))
        ...         sink = system.start(ChildSpec("file", make, capacity=1000, drain=True))
        ...         sink.tell(Accepted((Sample(0, 42, 3, 1, 0, received_at=0.5),)))
        ...     print(path.read_text(), end="")
        index,value,worker,incarnation,seq,received_at
        0,42,3,1,0,0.5
    """

    def __init__(self, writer: SampleWriter) -> None:
        self._writer = writer
        self._thread: ThreadPool | None = None
        self._gathered: list[Sample] = []

    def on_start(self) -> None:
        self._thread = ThreadPool(1)
        self._in_thread(self._writer.open)

    def receive(self, message: SinkMessage) -> None:
        match message:
            case Accepted(samples):
                if samples and not self._gathered:
                    self.after(_FLUSH_S, Flush())
                self._gathered.extend(samples)
                if len(self._gathered) >= _BATCH:
                    self._flush()
            case Flush():
                self._flush()

    def on_stop(self, reason: ExitReason) -> None:
        with ExitStack() as ends:
            if self._thread is not None:
                ends.callback(self._thread.kill)
                ends.callback(self._in_thread, self._writer.close)
            if not isinstance(reason, Crashed):
                self._flush()

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            self._in_thread(lambda: self._writer.write(gathered))

    def _in_thread(self, call: Callable[[], object]) -> None:
        """Have it called, and wait: an error is handed over, since the pool would print it."""

        def outcome() -> Exception | None:
            try:
                call()
            except Exception as error:  # noqa: BLE001  # it is raised below
                return error
            return None

        if self._thread is not None and (error := self._thread.apply(outcome)):
            raise error
