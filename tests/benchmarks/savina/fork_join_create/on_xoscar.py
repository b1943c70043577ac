"""Fork-join creation on xoscar, in a local pool of one process."""

import asyncio
import math
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Worker(xoscar.Actor):
    async def work(self, collector: Any) -> None:
        await collector.report.tell(math.sin(37.2) ** 2)
        await xoscar.destroy_actor(self.ref())


class Collector(xoscar.Actor):
    def __init__(self) -> None:
        self.total = 0.0

    async def expect(self, reports: int, done: asyncio.Future[float]) -> None:
        self.left, self.done = reports, done

    async def report(self, result: float) -> None:
        self.total += result
        self.left -= 1
        if not self.left:
            self.done.set_result(self.total)


def run(actors: int) -> float:
    """Return the seconds from the start of the collector until all have reported."""
    return run_in_loop(play(actors))


async def play(actors: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            collector = await create(Collector, address=address)
            await collector.expect.tell(actors, done)
            workers = []
            for _ in range(actors):
                worker = await create(Worker, address=address)
                await worker.work.tell(collector)
                workers.append(worker)
            total = await done
        # Not timed, as each question is a round trip: only the last workers can still be stopping.
        async with asyncio.timeout(10):
            for worker in workers:
                while await xoscar.has_actor(worker):
                    await asyncio.sleep(0)
    expected = actors * math.sin(37.2) ** 2
    assert math.isclose(total, expected), f"the total is {total}, not {expected}"
    return watch.seconds
