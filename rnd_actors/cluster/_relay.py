"""The task of Dask that is a shard: it starts a patched child and relays its frames.

It runs in a thread of a worker of Dask, which gevent has not patched, on an event loop of its own.
"""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from distributed import Client, Queue, get_worker, secede
from distributed.comm.core import CommClosedError

from rnd_actors.cluster._children import SHARD
from rnd_actors.cluster._frames import FrameReader, pack
from rnd_actors.cluster._placement import SILENCE_S
from rnd_actors.cluster._queues import DropQueues, name_of, queue_down, queue_up

_PIECE: Final = 256 * 1024
_ENDED: Final = "its process has ended"
_LOOK_S: Final = 0.25
_PAUSE_S: Final = 0.05
"""Between parcels, since the scheduler needs as long for a small one as for one of many frames."""
_RETRY_S: Final = 0.1
_END_S: Final = 1.0
"""For the child to end once its stdin is closed; then it is killed."""


def relay(run: str, shard: int, epoch: int) -> None:
    """Run a shard until it ends, nobody wants it any more, or nothing is heard of the driver.

    It takes no place from other tasks. The queue from the shards gets (shard, epoch, number,
    frames, bytes) for each piece of the child's stdout, and last (shard, epoch, 0, 0, why it has
    ended).
    """
    secede()
    asyncio.run(_relay(get_worker(), run, shard, epoch))


async def _relay(worker: Any, run: str, shard: int, epoch: int) -> None:
    who = shard, epoch
    async with _queues(worker, run, shard, epoch) as (up, down), _child() as child:
        why = await _first_of(
            _relay_up(child, up, who),
            _relay_down(down, child),
            _until_unwanted(worker, queue_down(run, shard, epoch)),
        )
        assert child.stdin is not None  # noqa: S101  # it is a pipe
        child.stdin.close()
        with suppress(TimeoutError):
            code = await asyncio.wait_for(child.wait(), _END_S)
            why = f"{why}, with code {code}" if code else why
        with suppress(TimeoutError):
            await asyncio.wait_for(_put(up, (*who, 0, 0, why)), _END_S)


@asynccontextmanager
async def _queues(
    worker: Any, run: str, shard: int, epoch: int
) -> AsyncIterator[tuple[Queue, Queue]]:
    client = Client(
        worker.scheduler.address,
        asynchronous=True,
        security=worker.security,
        set_as_default=False,
        name=name_of(run),
    )
    async with client:
        await client.register_plugin(DropQueues(run))
        up = await Queue(queue_up(run), client=client)
        yield up, await Queue(queue_down(run, shard, epoch), client=client)


@asynccontextmanager
async def _child() -> AsyncIterator[Process]:
    child = await asyncio.create_subprocess_exec(
        *SHARD, stdin=PIPE, stdout=PIPE, limit=_PIECE, start_new_session=True
    )
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def _first_of(*works: Any) -> str:
    """Return what the first of several coroutines returns; cancel the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return str(done.pop().result())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _relay_up(child: Process, up: Queue, who: tuple[int, int]) -> str:
    """Send what the child writes, all that is there at a time, as one numbered parcel."""
    assert child.stdout is not None  # noqa: S101  # it is a pipe
    reader, number = FrameReader(), 0
    while piece := await child.stdout.read(_PIECE):
        if bodies := list(reader.feed(piece)):
            number += 1
            await _put(up, (*who, number, len(bodies), b"".join(map(pack, bodies))))
            await asyncio.sleep(_PAUSE_S)
    return _ENDED


async def _put(up: Queue, item: tuple[Any, ...]) -> None:
    """Put until it is certain that the scheduler has it; so it may have it twice."""
    while True:
        try:
            await up.put(item)
        except (CommClosedError, OSError):
            await asyncio.sleep(_RETRY_S)
        else:
            return


async def _relay_down(down: Queue, child: Process) -> str:
    assert child.stdin is not None  # noqa: S101  # it is a pipe
    while True:
        try:
            frame = await asyncio.wait_for(down.get(), SILENCE_S)
        except TimeoutError:
            return f"it heard nothing of the driver for {SILENCE_S:g} s"
        except OSError:
            return "the scheduler is gone"
        try:
            child.stdin.write(frame)
            await child.stdin.drain()
        except OSError:
            return _ENDED


async def _until_unwanted(worker: Any, key: str) -> str:
    """Wait until the client has gone or has cancelled the task: the worker only marks it so."""
    while True:
        await asyncio.sleep(_LOOK_S)
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            return "it is not wanted any more"
