"""The actor of a worker on another host: it stands for a `WorkerActor` of that host."""

import time
from contextlib import suppress
from typing import Final, Never

import gevent
from attrs import evolve
from gevent.queue import Queue

from rnd_actors.actors import Actor, ActorRef, ExitReason
from rnd_actors.cluster._cluster import Cluster
from rnd_actors.cluster._messages import Ended, FromShard, StartWorker, StopWorker
from rnd_actors.workers import STANDIN, Samples, WorkerEvent, WorkerSettings, WorkerSpawned

_LAST_SAMPLES_S: Final = 3.0
"""Beyond its grace, for a worker that is told to stop to send what it has read, and its end."""


class RemoteWorker(Actor[Never]):
    """Has a worker run on a host of a cluster, and sends its samples to `collector`.

    To its supervisor and its collector it is like a `WorkerActor`: each incarnation is a new
    process, it crashes with the error of the worker, and all that was read reaches the collector
    before its end is reported. It crashes with a `HostLostError` when the host is lost; the next
    incarnation waits until its shard is on another one. Samples count as read when they arrive.

    Args:
        settings: what to run.
        collector: gets the samples.
        cluster: has the host.
    """

    def __init__(
        self, settings: WorkerSettings, collector: ActorRef[Samples], cluster: Cluster
    ) -> None:
        self._settings = settings
        self._collector = collector
        self._cluster = cluster
        self._shard = cluster.shard_of(settings.id)
        self._inbox: Queue[FromShard] | None = None
        self._epoch = 0
        self._unsent: Samples | None = None
        self._arrived = 0
        """Lines of this incarnation that have reached the collector."""

    def run(self) -> None:
        self._shard.is_up.wait()
        self._epoch = self._shard.epoch
        self._inbox = self._shard.follow(*self._who)
        self._cluster.tell(self._shard, _start(self._settings, self._who[1]))
        while (end := self._take(self._inbox.get())) is None:
            pass
        self._inbox = None
        if end.failure is not None:
            raise end.failure.to_error()

    def on_stop(self, reason: ExitReason) -> None:
        if self._unsent is not None:
            self._hand_on(self._unsent)
        if self._inbox is not None:
            self._take_the_rest(self._inbox)
        if (lost := self._shard.forget(*self._who, self._arrived)) is not None:
            self.publish(lost)

    @property
    def _who(self) -> tuple[int, int]:
        """Its id and its incarnation, among all that the worker has had in the run."""
        return self._settings.id, self._settings.earlier_incarnations + self.incarnation

    def _take_the_rest(self, inbox: "Queue[FromShard]") -> None:
        """Stop the worker, and hand on what comes until its end."""
        if self._cluster.is_lost:
            inbox.put(Ended(*self._who, None))  # nothing comes any more
        else:
            self._cluster.tell(self._shard, StopWorker(*self._who))
        patience = self._settings.grace + _LAST_SAMPLES_S
        with suppress(TimeoutError), gevent.Timeout(patience, TimeoutError()):
            while self._take(inbox.get()) is None:
                pass
        while not inbox.empty():  # time was up: others can be sent in the place of these
            if isinstance(message := inbox.get(), Samples):
                self._acknowledge(message)

    def _take(self, message: FromShard) -> Ended | None:
        """Hand on what has come of the worker; return its end."""
        match message:
            case Samples():
                self._acknowledge(message)
                self._hand_on(evolve(message, received_at=time.monotonic()))
                if message.values:
                    self.mark_healthy()
            case WorkerSpawned():
                self.publish(evolve(message, host=self._shard.host))
            case WorkerEvent():
                self.publish(message)
            case Ended():
                return message
        return None

    def _acknowledge(self, batch: Samples) -> None:
        if (answer := self._shard.handled(batch, self._epoch)) is not None:
            self._cluster.tell(self._shard, answer)

    def _hand_on(self, batch: Samples) -> None:
        self._unsent = batch
        self._collector.tell(batch)
        self._unsent = None
        self._arrived = batch.received


def _start(settings: WorkerSettings, incarnation: int) -> StartWorker:
    return StartWorker(
        worker=settings.id,
        incarnation=incarnation,
        port=settings.port,
        program=None if settings.program == STANDIN else tuple(settings.program),
        arguments=tuple(settings.arguments),
        start_timeout=settings.start_timeout,
        stall_timeout=settings.stall_timeout,
        grace=settings.grace,
        log=None if settings.log is None else str(settings.log.absolute()),
    )
