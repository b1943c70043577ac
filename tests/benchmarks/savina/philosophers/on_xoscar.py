"""The philosophers on xoscar, in a local pool of one process."""

import asyncio
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Philosopher(xoscar.Actor):
    async def start(self, number: int, rounds: int, arbitrator: Any) -> None:
        self.meals, self.rounds, self.arbitrator = 0, rounds, arbitrator
        self.number, self.me = number, self.ref()
        await arbitrator.hungry.tell(number, self.me)

    async def eat(self) -> None:
        self.meals += 1
        await self.arbitrator.done.tell(self.number)
        if self.meals < self.rounds:
            await self.arbitrator.hungry.tell(self.number, self.me)
        else:
            await self.arbitrator.exit.tell(self.meals)

    async def denied(self) -> None:
        await self.arbitrator.hungry.tell(self.number, self.me)


class Arbitrator(xoscar.Actor):
    async def serve(
        self, philosophers: list[Any], rounds: int, finished: asyncio.Future[int]
    ) -> None:
        self.finished, self.meals = finished, 0
        self.philosophers, self.eating = philosophers, len(philosophers)
        self.in_use = [False] * len(philosophers)
        me = self.ref()
        for number, philosopher in enumerate(philosophers):
            await philosopher.start.tell(number, rounds, me)

    async def hungry(self, number: int, sender: Any) -> None:
        right = (number + 1) % len(self.in_use)
        if self.in_use[number] or self.in_use[right]:
            await sender.denied.tell()
        else:
            self.in_use[number] = self.in_use[right] = True
            await sender.eat.tell()

    async def done(self, number: int) -> None:
        right = (number + 1) % len(self.in_use)
        self.in_use[number] = self.in_use[right] = False

    async def exit(self, meals: int) -> None:
        self.meals += meals
        self.eating -= 1
        if not self.eating:
            for philosopher in self.philosophers:
                await xoscar.destroy_actor(philosopher)
            self.finished.set_result(self.meals)


def run(philosophers: int, rounds: int) -> float:
    """Return the seconds from the start of the actors to the last exit."""
    meals, seconds = run_in_loop(play(philosophers, rounds))
    assert meals == philosophers * rounds, f"{meals} meals, not {philosophers * rounds}"
    return seconds


async def play(philosophers: int, rounds: int) -> tuple[int, float]:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            guests = [await create(Philosopher, address=address) for _ in range(philosophers)]
            arbitrator = await create(Arbitrator, address=address)
            await arbitrator.serve.tell(guests, rounds, finished)
            meals = await finished
    return meals, watch.seconds
