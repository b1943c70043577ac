"""The cluster of a run, as its driver sees it: where each shard is, and what comes from it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final, Never

import gevent
from attrs import evolve
from gevent.event import Event as Flag

from rnd_actors.actors import Actor, Crashed, ExitReason
from rnd_actors.cluster._bridge_process import BridgeProcess
from rnd_actors.cluster._frames import decode
from rnd_actors.cluster._local import local_hosts, size_of_local
from rnd_actors.cluster._messages import (
    Beat,
    Connected,
    Order,
    Parcel,
    Ready,
    Refused,
    ShardLost,
    ShardUp,
    ToShard,
)
from rnd_actors.cluster._remote_shard import RemoteShard
from rnd_actors.errors import (
    BridgeLostError,
    ClusterError,
    RestartIntensityError,
)
from rnd_actors.events import Event
from rnd_actors.supervision import ChildSpec, Directive, RestartIntensity, Supervisor
from rnd_actors.workers import LinesLost

_TIMEOUT_S: Final = 10.0
"""For the scheduler and the hosts to answer."""
_LOCAL_TIMEOUT_S: Final = 60.0
"""The same if they have to be started: Dask's programs take seconds on a busy machine."""
_INTENSITY: Final = RestartIntensity(3, within=60.0)
"""Of the bridge, which needs two seconds to start."""


class Cluster:
    """The hosts of a run, and the shards of workers on them; made by `connected`.

    Args:
        connect: starts a bridge; its argument is the last epochs of the shards, if there were any.
        ends: setting one of these flags ends the attempt to connect.
    """

    def __init__(self, connect: Callable[[tuple[int, ...]], BridgeProcess], *ends: Flag) -> None:
        self.is_lost = False
        """Whether nobody follows it any more: no shard answers then."""
        self._shards: list[RemoteShard] = []
        self._early: list[Event] = []
        self._connect = connect
        self._bridge = connect(())
        self._bodies = self._bridge.bodies()
        giving_up = gevent.spawn(self._end_when, ends)
        try:
            self._await_readiness()
        except BaseException:
            self._bridge.close()
            raise
        finally:
            giving_up.kill()

    @classmethod
    @contextmanager
    def connected(
        cls,
        address: str,
        hosts: int | None,
        program: str | None,
        timeout_s: float | None,
        interrupted: Flag,
    ) -> Iterator["Cluster"]:
        """Connect to a cluster; leaving the context ends all that this program has there.

        Args:
            address: of the scheduler of Dask; or `local:N`, which starts one and N hosts.
            hosts: how many of its hosts are used, if so many are there; None: all.
            program: that each host must have, by name or path; None: the stand-in.
            timeout_s: for the scheduler, and for the hosts, to answer; None: 10, or 60 if they have
                to be started.
            interrupted: setting this flag ends the attempt to connect.

        Raises:
            ClusterError: there is no such cluster in time, or it cannot run workers, or that was
                interrupted, or the scheduler that was to be started has ended.
        """
        size = size_of_local(address)
        if timeout_s is None:
            timeout_s = _TIMEOUT_S if size is None else _LOCAL_TIMEOUT_S
        with nullcontext() if size is None else local_hosts(size) as local:
            order = Order(
                address=address,
                scheduler_file=None if local is None else local.file,
                hosts=size if hosts is None else hosts,
                program=program,
                timeout_s=timeout_s,
            )
            ends = [interrupted] if local is None else [interrupted, local.scheduler.exited]
            try:
                cluster = cls(lambda epochs: BridgeProcess(evolve(order, epochs=epochs)), *ends)
            except ClusterError as error:
                if local is None or (failure := local.failure()) is None:
                    raise
                raise ClusterError(failure) from error
            try:
                yield cluster
            finally:
                cluster._bridge.close()

    def spec(self) -> ChildSpec:
        """Return the spec of who keeps up with the cluster, without which no worker is.

        A bridge that is lost is replaced, within limits. If it is the cluster that is lost, this
        fails, and its supervisor with it.
        """
        escalate: dict[type[BaseException], Directive] = {
            ClusterError: Directive.ESCALATE,
            RestartIntensityError: Directive.ESCALATE,
        }
        restart: dict[type[BaseException], Directive] = {BridgeLostError: Directive.RESTART}
        bridge = ChildSpec("bridge", partial(_Follower, self), on={**escalate, **restart})
        supervisor = partial(Supervisor, [bridge], intensity=_INTENSITY)
        return ChildSpec("cluster", supervisor, on=escalate)

    def shard_of(self, worker: int) -> RemoteShard:
        """Return the shard of the worker with this id."""
        return self._shards[(worker - 1) % len(self._shards)]

    def tell(self, shard: RemoteShard, message: object) -> None:
        """Send a message to a shard."""
        self._bridge.send(message, ToShard(shard.number, shard.epoch))

    def events(self) -> Iterator[Event]:
        """Follow the cluster: hand on what comes from shards; give what happens to hosts.

        Raises:
            BridgeLostError: the bridge to it is lost; another one may do.
            ClusterError: it is lost.
        """
        yield from self._early
        self._early = []
        for message in self._messages():
            if isinstance(message, Event):
                yield message

    def reconnect(self) -> None:
        """Start another bridge in the place of one that is lost: it places all shards anew."""
        self._bridge.kill()
        self._bridge = self._connect(tuple(shard.epoch for shard in self._shards))
        self._bodies = self._bridge.bodies()
        self.is_lost = False

    def lose(self, why: str) -> Iterator[ShardLost]:
        """End the epochs of all shards, whose bridge is lost; give those that were up."""
        for shard in self._shards:
            if shard.is_up.is_set():
                shard.lose(why)
                yield ShardLost(shard.number, shard.epoch, shard.host, why)

    def _end_when(self, ends: Sequence[Flag]) -> None:
        gevent.wait(ends, count=1)
        self._bridge.end()

    def _await_readiness(self) -> None:
        for message in self._messages():
            match message:
                case Connected(shards):
                    self._shards = [RemoteShard(number) for number in range(1, shards + 1)]
                case Event():
                    self._early.append(message)
                case Ready():
                    return

    def _messages(self) -> Iterator[Any]:
        """Give what the bridge says of the cluster; what comes of workers goes to their shards."""
        for body in self._bodies:
            match decode(body):
                case Parcel() as parcel:
                    yield from self._open(parcel)
                case ShardUp() as up:
                    self._shard(up.shard).begin(up)
                    yield up
                case ShardLost() as lost:
                    self._shard(lost.shard).lose(lost.why)
                    yield lost
                case Refused(why):
                    raise ClusterError(why)
                case Beat():
                    pass
                case message:
                    yield message

    def _open(self, parcel: Parcel) -> Iterator[LinesLost]:
        """Hand on what comes from a shard, unless it is late; give what is lost with that."""
        shard = self._shard(parcel.shard)
        counts = shard.accepts(parcel)
        for _ in range(parcel.frames):
            message = decode(next(self._bodies))
            if counts and (answer := shard.take(message)) is not None:
                self.tell(shard, answer)
            shard.readings.note(message)
        yield from shard.readings.late()

    def _shard(self, number: int) -> RemoteShard:
        return self._shards[number - 1]


class _Follower(Actor[Never]):
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def run(self) -> None:
        if self.incarnation > 1:
            self._cluster.reconnect()
        for event in self._cluster.events():
            self.publish(event)

    def on_stop(self, reason: ExitReason) -> None:
        self._cluster.is_lost = True
        match reason:
            case Crashed(BridgeLostError() as error):
                for lost in self._cluster.lose(str(error)):
                    self.publish(lost)
