"""Telling on xoscar, in a local pool of one process."""

import asyncio

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import run_in_loop

__all__ = ["run"]


class Receiver(xoscar.Actor):
    def __init__(self, last: int, done: asyncio.Future[int]) -> None:
        self.last, self.done = last, done
        self.handled = 0

    async def take(self, message: int) -> None:
        self.handled += 1
        if message == self.last:
            self.done.set_result(self.handled)


def run(messages: int = 200_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    return run_in_loop(play(messages))


async def play(messages: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        receiver = await xoscar.actor_ref(
            await xoscar.create_actor(Receiver, messages - 1, done, address=pool.external_address)
        )
        with Stopwatch() as watch:
            for number in range(messages):
                await receiver.take.tell(number)
            handled = await done
    assert handled == messages, f"{handled} of {messages} messages were handled"
    return watch.seconds
