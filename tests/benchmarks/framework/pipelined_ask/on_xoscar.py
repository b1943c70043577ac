"""Asking many times at once on xoscar, in a local pool of one process."""

import asyncio

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import run_in_loop

__all__ = ["run"]


class Counter(xoscar.Actor):
    def __init__(self) -> None:
        self.total = 0

    async def count(self) -> int:
        self.total += 1
        return self.total


def run(requests: int = 20_000, window: int = 100) -> float:
    """Return the seconds from the first request to the last answer."""
    return run_in_loop(play(requests, window))


async def play(requests: int, window: int) -> float:
    total = 0
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        counter = await xoscar.actor_ref(
            await xoscar.create_actor(Counter, address=pool.external_address)
        )
        with Stopwatch() as watch:
            for first in range(0, requests, window):
                size = min(window, requests - first)
                total += sum(await asyncio.gather(*(counter.count() for _ in range(size))))
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
