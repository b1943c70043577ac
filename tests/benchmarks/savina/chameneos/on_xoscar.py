"""Chameneos on xoscar, in a local pool of one process."""

import asyncio
from typing import Any

import xoscar

from tests.benchmarks.savina.chameneos._colours import COLOURS, Colour, complement
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Mall(xoscar.Actor):
    def __init__(self) -> None:
        self.total = 0
        self.waiting: Any = None

    async def open(
        self, meetings: int, creatures: tuple[Any, ...], done: asyncio.Future[int]
    ) -> None:
        self.meetings_left, self.creatures_left, self.done = meetings, len(creatures), done
        me = self.ref()
        for n, creature in enumerate(creatures):
            await creature.start.tell(COLOURS[n % len(COLOURS)], me)

    async def meet(self, colour: Colour, creature: Any) -> None:
        if not self.meetings_left:
            await creature.exit.tell()
        elif self.waiting is not None:
            self.meetings_left -= 1
            await self.waiting.meet.tell(colour, creature)
            self.waiting = None
        else:
            self.waiting = creature

    async def meeting_count(self, count: int) -> None:
        self.total += count
        self.creatures_left -= 1
        if not self.creatures_left:
            self.done.set_result(self.total)


class Creature(xoscar.Actor):
    def __init__(self) -> None:
        self.meetings = 0

    async def start(self, colour: Colour, mall: Any) -> None:
        self.colour, self.mall, self.me = colour, mall, self.ref()
        await mall.meet.tell(colour, self.me)

    async def meet(self, colour: Colour, creature: Any) -> None:
        self.meetings += 1
        self.colour = complement(self.colour, colour)
        await creature.change.tell(self.colour)
        await self.mall.meet.tell(self.colour, self.me)

    async def change(self, colour: Colour) -> None:
        self.meetings += 1
        self.colour = colour
        await self.mall.meet.tell(colour, self.me)

    async def exit(self) -> None:
        await self.mall.meeting_count.tell(self.meetings)


def run(creatures: int, meetings: int) -> float:
    """Return the seconds from the start of the actors until the mall has added up all counts."""
    return run_in_loop(play(creatures, meetings))


async def play(creatures: int, meetings: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            mall = await create(Mall, address=address)
            everyone = [await create(Creature, address=address) for _ in range(creatures)]
            await mall.open.tell(meetings, tuple(everyone), done)
            total = await done
    assert total == 2 * meetings, f"{total} counted in {meetings} meetings of two"
    return watch.seconds
