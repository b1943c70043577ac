"""Fork-join throughput on xoscar, in a local pool of one process."""

import asyncio
import math
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Worker(xoscar.Actor):
    def __init__(self) -> None:
        self.total = 0.0

    async def start(self, messages: int, collector: Any) -> None:
        self.left, self.collector = messages, collector

    async def work(self) -> None:
        self.total += math.sin(37.2) ** 2
        self.left -= 1
        if not self.left:
            await self.collector.report.tell(self.total)


class Collector(xoscar.Actor):
    def __init__(self) -> None:
        self.total = 0.0

    async def expect(self, reports: int, done: asyncio.Future[float]) -> None:
        self.left, self.done = reports, done

    async def report(self, total: float) -> None:
        self.total += total
        self.left -= 1
        if not self.left:
            self.done.set_result(self.total)


def run(messages: int, actors: int) -> float:
    """Return the seconds from the start of the actors until all have reported."""
    return run_in_loop(play(messages, actors))


async def play(messages: int, actors: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            collector = await create(Collector, address=address)
            await collector.expect.tell(actors, done)
            workers = [await create(Worker, address=address) for _ in range(actors)]
            for worker in workers:
                await worker.start.tell(messages, collector)
            for _ in range(messages):
                for worker in workers:
                    await worker.work.tell()
            total = await done
    expected = messages * actors * math.sin(37.2) ** 2
    assert math.isclose(total, expected), f"the total is {total}, not {expected}"
    return watch.seconds
