"""The bridge: a child of the driver with the client of Dask, which a patched process cannot have.

Its argument is an `Order` as JSON. Frames come on stdin and leave on stdout; it ends with stdin.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from distributed import Queue

from rnd_actors.cluster._bridge_pipes import Out, read_stdin
from rnd_actors.cluster._frames import decode, encode, pack
from rnd_actors.cluster._hosts import answered, await_hosts, connect, first_cause, objection_to
from rnd_actors.cluster._messages import (
    Beat,
    Connected,
    End,
    HostRefused,
    Order,
    Parcel,
    Ready,
    Refused,
    ShardLost,
    ToShard,
)
from rnd_actors.cluster._placement import BEAT_S, SILENCE_S, Placement, host_of
from rnd_actors.cluster._queues import DropQueues, name_of, queue_down, queue_up
from rnd_actors.cluster._relay import relay
from rnd_actors.errors import ClusterError

_END_S: Final = 3.0
"""For all shards to end when the run is over; a host that does not answer is left to its lease."""
_LEAVE_S: Final = 1.0
_POLL_S: Final = 0.02
_PRIORITY: Final = 1
"""Of a shard, which takes a thread for a moment only; tasks of others mostly have 0."""


def main() -> None:
    """Bridge the driver and the cluster until stdin ends, or the driver says `End`."""
    asyncio.run(_main(Order(**json.loads(sys.argv[1]))))
    os._exit(0)  # threads of Dask may wait for hosts that are gone


async def _main(order: Order) -> None:
    out, commands = await Out.open(), asyncio.Queue[bytes]()
    reading = asyncio.ensure_future(read_stdin(commands))
    try:
        await _Bridge(order, out).serve(commands)
    except ClusterError as error:
        out.tell(Refused(str(error)))
    except OSError:
        out.tell(Refused("the scheduler is gone"))
    await out.flush()
    reading.cancel()


class _Bridge:
    """The shards of one run, and what has to be done for them on Dask's side."""

    def __init__(self, order: Order, out: Out) -> None:
        self._order = order
        self._out = out
        self._run = secrets.token_hex(8)
        self._client: Any = None
        self._placement = Placement.of(0, time.monotonic())
        self._epochs: dict[tuple[int, int], _Epoch] = {}
        self._refused: dict[str, str] = {}
        """Hosts that cannot run workers, and why."""
        self._doing: set[asyncio.Task[None]] = set()
        self._failed = asyncio.get_running_loop().create_future()
        """The error of the first of `_doing` that has one."""
        self._is_ending = False

    async def serve(self, commands: "asyncio.Queue[bytes]") -> None:
        """Place the shards, do what the driver says until it says `End`, and end the shards.

        Raises:
            ClusterError: the cluster cannot be used, or there is no hope for the run.
            OSError: the scheduler is gone.
        """
        self._do(self._begin())
        obeying = asyncio.ensure_future(self._obey(commands))
        await asyncio.wait((obeying, self._failed), return_when=asyncio.FIRST_COMPLETED)
        for done in (self._failed, obeying):
            if done.done():
                done.result()
                break
        await self._end()

    async def _begin(self) -> None:
        self._client = await connect(self._order, name_of(self._run))
        self._do(self._beat_to_driver())
        await self._client.register_plugin(DropQueues(self._run))
        self._up = await Queue(queue_up(self._run), client=self._client)
        self._client.subscribe_topic("all", self._note)
        await self._find_hosts()
        self._do(self._read_parcels())
        self._do(self._tend())
        self._do(self._beat_to_shards())
        self._do(self._ask_the_silent())
        while not self._placement.is_settled:
            await asyncio.sleep(_POLL_S)
        self._out.tell(Ready())

    async def _beat_to_driver(self) -> None:
        while True:
            self._out.tell(Beat())
            await asyncio.sleep(BEAT_S)

    async def _beat_to_shards(self) -> None:
        """Send beats, also while many shards are placed."""
        beat = encode(Beat())
        while True:
            await answered(asyncio.gather(*(self._put(*each, beat) for each in self._epochs)))
            await asyncio.sleep(BEAT_S)

    async def _find_hosts(self) -> None:
        """Find the hosts for the shards; the first bridge waits for as many as are wanted.

        Raises:
            ClusterError: there is none, or none that can run workers.
        """
        if self._order.epochs:
            addresses = await await_hosts(self._client, 0, 0.0)
            welcomes = [self._do(self._welcome(address)) for address in addresses]
            if welcomes:  # or else the first one to answer would get all shards
                await asyncio.wait(welcomes, timeout=SILENCE_S)
            self._placement.add(self._order.epochs)
            return
        wanted = self._order.hosts or 1
        addresses = await await_hosts(self._client, wanted, self._order.timeout_s)
        await asyncio.gather(*map(self._welcome, addresses))
        hosts = self._placement.hosts
        if not hosts:
            objections = (f"host {host}: {why}" for host, why in self._refused.items())
            raise ClusterError("; ".join(objections) or "it has no workers of Dask")
        shards = self._order.hosts or len(hosts)
        self._placement.add([0] * shards)
        self._out.tell(Connected(shards))

    def _do(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do a piece of work beside all else; its error is that of the run."""
        task = asyncio.ensure_future(work)
        self._doing.add(task)
        task.add_done_callback(self._is_done)
        return task

    def _is_done(self, task: "asyncio.Task[None]") -> None:
        self._doing.discard(task)
        if not (task.cancelled() or self._failed.done()) and (error := task.exception()):
            self._failed.set_exception(error)

    async def _obey(self, commands: "asyncio.Queue[bytes]") -> None:
        """Hand on what the driver sends, all that waits for a shard as one message."""
        is_over = False
        while not is_over:
            frames = defaultdict[tuple[int, int], bytes](bytes)
            while not (is_over or (frames and commands.empty())):
                match decode(await commands.get()):
                    case ToShard(shard, epoch):
                        frames[shard, epoch] += pack(await commands.get())
                    case End():
                        is_over = True
            await asyncio.gather(*(self._put(*each, some) for each, some in frames.items()))

    async def _put(self, shard: int, epoch: int, frames: bytes) -> None:
        if (present := self._epochs.get((shard, epoch))) is not None:
            await present.down.put(frames)

    async def _read_parcels(self) -> None:
        while True:
            first = await self._up.get()
            for item in (first, *await self._up.get(batch=True)):
                self._take(*item)

    def _take(self, shard: int, epoch: int, number: int, frames: int, payload: Any) -> None:
        if not frames:
            self._lose(self._placement.ended(shard, epoch, payload))
            return
        up = self._placement.heard(shard, epoch, time.monotonic())
        if up is not None:
            self._out.tell(up)
        self._out.tell(Parcel(shard, epoch, number, frames), payload)

    async def _tend(self) -> None:
        """Notice silence and place what has no host, again and again."""
        last = time.monotonic()
        while True:
            now = time.monotonic()
            if (late := now - last - BEAT_S) > BEAT_S:  # this process itself was held up
                self._placement.paused(late, now)
            last = now
            for loss in self._placement.silent(now):
                self._lose(loss)
            if (objection := self._placement.hopeless(now)) is not None:
                raise ClusterError(objection)
            await answered(self._place())
            await asyncio.sleep(BEAT_S)

    async def _ask_the_silent(self) -> None:
        """Use hosts that were silent again when they answer."""
        while True:
            await asyncio.gather(*map(self._welcome, self._placement.silent_addresses))
            await asyncio.sleep(BEAT_S)

    async def _note(self, event: tuple[float, Any]) -> None:
        """Note, for Dask, that a worker of it has joined or left."""
        match event[1]:
            case {"action": "add-worker", "worker": str(address)}:
                self._do(self._welcome(address))
            case {"action": "remove-worker", "worker": str(address)}:
                for loss in self._placement.left(address):
                    self._lose(loss)
                self._do(self._place())

    async def _welcome(self, address: str) -> None:
        if await self._is_fit(address):
            self._placement.joined(address)
            await self._place()

    async def _is_fit(self, address: str) -> bool:
        """Return whether a host can run workers; tell it if not."""
        objection = await objection_to(self._client, self._order, address)
        host = host_of(address)
        if objection is None:
            self._refused.pop(host, None)
        elif host not in self._refused:
            self._refused[host] = objection
            self._out.tell(HostRefused(host, objection))
        return objection is None

    async def _place(self) -> None:
        if not self._is_ending:
            placed = self._placement.place(time.monotonic())
            await asyncio.gather(*(self._start(*each) for each in placed))

    async def _start(self, shard: int, epoch: int, address: str) -> None:
        key = queue_down(self._run, shard, epoch)
        down = await Queue(key, client=self._client)
        if not self._placement.is_present(shard, epoch):  # its host has gone meanwhile
            return
        task = self._client.submit(
            relay,
            *(self._run, shard, epoch),
            key=key,
            workers=[address],
            priority=_PRIORITY,
            pure=False,
        )
        watching = self._do(self._watch(shard, epoch, task))
        self._epochs[shard, epoch] = _Epoch(down, task, watching)

    async def _watch(self, shard: int, epoch: int, task: Any) -> None:
        """Notice that a shard could not start, or fails; its regular end it tells itself."""
        if (error := await task.exception()) is not None:
            self._lose(self._placement.ended(shard, epoch, first_cause(error)))

    def _lose(self, loss: ShardLost | None) -> None:
        if loss is None:
            return
        if (lost := self._epochs.pop((loss.shard, loss.epoch), None)) is not None:
            lost.close()
        self._out.tell(loss)

    async def _end(self) -> None:
        """Let the shards end in order, as far as they can in time."""
        self._is_ending = True
        if self._client is None:
            return
        for shard, epoch in list(self._epochs):
            await self._put(shard, epoch, encode(End()))
        give_up_at = time.monotonic() + _END_S
        while self._epochs and time.monotonic() < give_up_at:
            await asyncio.sleep(_POLL_S)
        for each in self._epochs.values():
            each.close()
        self._client.unsubscribe_topic("all")  # or the scheduler logs that it cannot tell us
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._client.close(), _LEAVE_S)


class _Epoch:
    """A shard on one host: its task, and the queue to it."""

    def __init__(self, down: Queue, task: Any, watching: "asyncio.Task[None]") -> None:
        self.down = down
        self._task = task
        self._watching = watching

    def close(self) -> None:
        """Let go of it: if the task still runs, it notices that nobody wants it."""
        self._watching.cancel()
        self._task.release()
