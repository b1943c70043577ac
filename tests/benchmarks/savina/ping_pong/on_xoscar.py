"""Ping-pong on xoscar, in a local pool of one process."""

import asyncio
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Pinger(xoscar.Actor):
    async def start(self, pings: int, pong: Any, done: asyncio.Event) -> None:
        self.left, self.pong_ref, self.done = pings, pong, done
        self.me = self.ref()
        await pong.ping.tell(self.me)

    async def pong(self) -> None:
        self.left -= 1
        if self.left:
            await self.pong_ref.ping.tell(self.me)
        else:
            self.done.set()


class Ponger(xoscar.Actor):
    async def ping(self, sender: Any) -> None:
        await sender.pong.tell()


def run(pings: int) -> float:
    """Return the seconds from the start of the actors to the last pong."""
    return run_in_loop(play(pings))


async def play(pings: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address, done = pool.external_address, asyncio.Event()
        with Stopwatch() as watch:
            ponger = await create(Ponger, address=address)
            pinger = await create(Pinger, address=address)
            await pinger.start.tell(pings, ponger, done)
            await done.wait()
    return watch.seconds
