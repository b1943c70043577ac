"""A shard on another host, as the driver sees it: who follows its workers, and what they get."""

from typing import Any, Final

from attrs import define, field
from gevent.event import Event as Flag
from gevent.queue import Queue

from rnd_actors.cluster._messages import (
    WINDOW,
    Ended,
    Failure,
    FromShard,
    Handled,
    Parcel,
    ShardUp,
    lines_in_window,
)
from rnd_actors.cluster._readings import Readings
from rnd_actors.errors import ClusterError, HostLostError
from rnd_actors.workers import LinesLost, Samples, WorkerEvent

_TELL_EVERY: Final = WINDOW // 8
"""Lines after which a shard is told that they are handled."""


class Receipts:
    """Which parcels of a shard count: each once, and none of an epoch that is over.

    A parcel is sent again if its sender does not know whether it has arrived, so that it may come
    twice. A host that was taken for dead may still send: its epoch is over, and it is fenced.
    """

    def __init__(self) -> None:
        self.epoch = 0
        """The present one; 0: there was none yet."""
        self._last = 0

    def begin(self, epoch: int) -> None:
        """Let a newer epoch begin: what comes of those before does not count any more."""
        if epoch > self.epoch:
            self.epoch, self._last = epoch, 0

    def accepts(self, epoch: int, number: int) -> bool:
        """Return whether a parcel counts, and count it.

        Raises:
            ClusterError: one before it is missing, so that samples would be.
        """
        if epoch != self.epoch or number <= self._last:
            return False
        if number != self._last + 1:
            raise ClusterError(f"parcel {self._last + 1} of epoch {epoch} is missing")
        self._last = number
        return True


@define(eq=False)
class RemoteShard:
    """A part of the workers, on one host at a time."""

    number: int
    is_up: Flag = field(factory=Flag)
    host: str = ""
    readings: Readings = field(factory=Readings)
    _receipts: Receipts = field(factory=Receipts)
    _inboxes: "dict[tuple[int, int], Queue[FromShard]]" = field(factory=dict)
    """What comes of the incarnations of workers that somebody follows."""
    _handled: int = 0
    """Lines of this epoch."""
    _told: int = 0
    """Of them those that the shard knows of."""

    @property
    def epoch(self) -> int:
        """How often it has been placed; 0: it was not yet."""
        return self._receipts.epoch

    def follow(self, worker: int, incarnation: int) -> "Queue[FromShard]":
        """Return the inbox for what comes of an incarnation of a worker."""
        self.readings.begin(worker, incarnation, self.host)
        return self._inboxes.setdefault((worker, incarnation), Queue())

    def forget(self, worker: int, incarnation: int, arrived: int) -> LinesLost | None:
        """Drop what comes of an incarnation from now on; return what is lost with it.

        Of its lines, `arrived` have reached the collector.
        """
        self._inboxes.pop((worker, incarnation), None)
        return self.readings.end(worker, incarnation, arrived)

    def begin(self, up: ShardUp) -> None:
        """Begin another epoch."""
        self._receipts.begin(up.epoch)
        self._handled = self._told = 0
        self.host = up.host
        self.is_up.set()

    def lose(self, why: str) -> None:
        """End the epoch: those who follow a worker are told that it is gone."""
        if not self.is_up.is_set():
            return
        self.is_up.clear()
        for (worker, incarnation), inbox in self._inboxes.items():
            what = f"worker {worker} is lost with its shard on {self.host}: {why}"
            error = HostLostError(f"{what}; what it had read and not sent is lost")
            inbox.put(Ended(worker, incarnation, Failure.of(error)))

    def accepts(self, parcel: Parcel) -> bool:
        """Return whether a parcel counts."""
        return self._receipts.accepts(parcel.epoch, parcel.number)

    def take(self, message: Any) -> Handled | None:
        """Hand a message to who follows its worker; return what the shard is to be told."""
        if isinstance(message, Samples | WorkerEvent | Ended):
            inbox = self._inboxes.get((message.worker, message.incarnation))
            if inbox is not None:
                inbox.put(message)
            elif isinstance(message, Samples):
                return self.handled(message, self.epoch)
        return None

    def handled(self, batch: Samples, epoch: int) -> Handled | None:
        """Count a batch of an epoch as handled; now and then return what the shard is to know."""
        if epoch != self.epoch:
            return None
        self._handled += lines_in_window(batch)
        if self._handled - self._told < _TELL_EVERY:
            return None
        self._told = self._handled
        return Handled(self._told)
