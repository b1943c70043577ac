"""Big on xoscar, in a local pool of one process."""

import asyncio
from random import Random
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Player(xoscar.Actor):
    def __init__(self) -> None:
        super().__init__()
        self.answered = 0

    async def start(self, number: int, players: list[Any], pings: int, sink: Any) -> None:
        self.left, self.sink = pings, sink
        self.others = players[:number] + players[number + 1 :]
        self.random = Random(number)
        self.me = self.ref()
        await self.ping_another()

    async def ping(self, sender: Any) -> None:
        self.answered += 1
        await sender.pong.tell()

    async def pong(self) -> None:
        self.left -= 1
        if self.left:
            await self.ping_another()
        else:
            await self.sink.done.tell()

    async def exit(self) -> None:
        await self.sink.exited.tell(self.answered)
        await xoscar.destroy_actor(self.me)

    async def ping_another(self) -> None:
        await self.random.choice(self.others).ping.tell(self.me)


class Sink(xoscar.Actor):
    async def play(self, players: list[Any], pings: int, finished: asyncio.Future[int]) -> None:
        self.finished, self.players, self.answered = finished, players, 0
        self.playing = self.alive = len(players)
        me = self.ref()
        for number, player in enumerate(players):
            await player.start.tell(number, players, pings, me)

    async def done(self) -> None:
        self.playing -= 1
        if not self.playing:
            for player in self.players:
                await player.exit.tell()

    async def exited(self, answered: int) -> None:
        self.answered += answered
        self.alive -= 1
        if not self.alive:
            self.finished.set_result(self.answered)


def run(actors: int, pings: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    answered, seconds = run_in_loop(play(actors, pings))
    assert answered == actors * pings, f"{answered} pings were answered, not {actors * pings}"
    return seconds


async def play(actors: int, pings: int) -> tuple[int, float]:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            players = [await create(Player, address=address) for _ in range(actors)]
            sink = await create(Sink, address=address)
            await sink.play.tell(players, pings, finished)
            answered = await finished
    return answered, watch.seconds
