"""The sink actor: it gathers samples, and its writer writes them in a thread."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from attrs import frozen
from gevent import GreenletExit
from gevent.threadpool import ThreadPool

from rnd_actors.actors import Actor, Crashed, ExitReason, Killed
from rnd_actors.collectors import Accepted, Sample

_FLUSH_S: Final = 1.0
_BATCH: Final = 1000
_PAUSE: Final = 9.0
"""How long a full batch waits after a write, as a multiple of the time of that write."""


class SampleWriter(Protocol):
    """Writes samples to one place; it may block, since its sink calls it in a thread, call by call.

    Raises:
        SinkError: from each method, if it cannot write; the message names the place and the reason.
    """

    def open(self) -> None:
        """Begin, after the content that is there if files of this kind can be appended to."""

    def write(self, samples: Sequence[Sample]) -> None:
        """Write samples in the order of their index; when this returns, a crash loses none."""

    def close(self) -> None:
        """End, and leave nothing open; called once after `open`, also after an error."""


@frozen
class Flush:
    """Makes a sink write what it has gathered; the sink sends it to itself."""


SinkMessage: TypeAlias = Accepted | Flush
"""The messages that a `Sink` accepts; other actors send `Accepted` only."""


class Sink(Actor[SinkMessage]):
    """Writes samples in batches: as soon as there are 1000, after a second, and at the end.

    Batches become larger if writes are slow: within that second, writing takes a tenth of the time
    at most. The writer works in a thread of its own, so that a slow disk never holds up the loop.
    Meanwhile the sink waits: with a bounded mailbox, the senders of samples wait, too.

    An error of the writer ends the sink. If the sink is killed, the samples that it had not begun
    to write are lost, and the file is closed when the disk answers. Virtual time has no threads,
    and so no sinks: starting one raises `NotSimulatedError`.

    Args:
        writer: writes the batches.
    """

    def __init__(self, writer: SampleWriter) -> None:
        self._writer = writer
        self._thread: ThreadPool | None = None
        self._gathered: list[Sample] = []
        self._next_batch_at = 0.0

    def on_start(self) -> None:
        self._thread = ThreadPool(1)
        self._in_thread(self._writer.open)

    def receive(self, message: SinkMessage) -> None:
        match message:
            case Accepted(samples):
                if samples and not self._gathered:
                    self.after(_FLUSH_S, Flush())
                self._gathered.extend(samples)
                if len(self._gathered) >= _BATCH and time.monotonic() >= self._next_batch_at:
                    self._flush()
            case Flush():
                self._flush()

    def on_stop(self, reason: ExitReason) -> None:
        killed = isinstance(reason, Killed)
        try:
            if not isinstance(reason, Crashed | Killed):
                self._flush()
        except GreenletExit:
            killed = True
            raise
        finally:
            self._end_thread(wait=not killed)

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            began = time.monotonic()
            self._in_thread(lambda: self._writer.write(gathered))
            now = time.monotonic()
            self._next_batch_at = now + _PAUSE * (now - began)

    def _end_thread(self, *, wait: bool) -> None:
        """Close the file and end the thread, after the write that is under way."""
        if self._thread is None:
            return
        closing = self._thread.spawn(_error_of, self._writer.close)
        try:
            if wait and (error := closing.get()):
                raise error
        finally:
            self._thread.maxsize = 0  # this does not wait, unlike kill()

    def _in_thread(self, call: Callable[[], object]) -> None:
        if self._thread is not None and (error := self._thread.apply(_error_of, (call,))):
            raise error


def _error_of(call: Callable[[], object]) -> Exception | None:
    """Return the error of a call: the pool would print one that is raised."""
    try:
        call()
    except Exception as error:  # noqa: BLE001  # it is raised in the sink
        return error
    return None
