"""Counting on xoscar, in a local pool of one process."""

import asyncio
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Producer(xoscar.Actor):
    async def start(self, increments: int, counter: Any, done: asyncio.Future[int]) -> None:
        self.done = done
        for _ in range(increments):
            await counter.increment.tell()
        await counter.retrieve.tell(self.ref())

    async def result(self, count: int) -> None:
        self.done.set_result(count)


class Counter(xoscar.Actor):
    def __init__(self) -> None:
        self.count = 0

    async def increment(self) -> None:
        self.count += 1

    async def retrieve(self, sender: Any) -> None:
        await sender.result.tell(self.count)


def run(increments: int) -> float:
    """Return the seconds from the start of the actors until the producer knows the count."""
    return run_in_loop(play(increments))


async def play(increments: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            counter = await create(Counter, address=address)
            producer = await create(Producer, address=address)
            await producer.start.tell(increments, counter, done)
            count = await done
    assert count == increments, f"counted {count} of {increments} increments"
    return watch.seconds
