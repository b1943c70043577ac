"""Many living actors on xoscar, in a local pool of one process."""

import asyncio

import xoscar

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import run_in_loop

__all__ = ["run"]


class Reporter(xoscar.Actor):
    async def report(self, tally: Tally) -> None:
        tally.add()


def run(actors: int = 10_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    return run_in_loop(play(actors))


async def play(actors: int) -> float:
    done = asyncio.Event()
    tally = Tally(actors, done.set)
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        refs = [
            await xoscar.actor_ref(await xoscar.create_actor(Reporter, address=address))
            for _ in range(actors)
        ]
        with Stopwatch() as watch:
            for ref in refs:
                await ref.report.tell(tally)
            await done.wait()
    assert tally.is_complete, "not all actors have handled their message"
    return watch.seconds
