"""The memory of idle actors on xoscar, in a local pool of one process."""

import asyncio

import xoscar

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes
from tests.benchmarks.xoscar_pool import run_in_loop

__all__ = ["run"]


class Reporter(xoscar.Actor):
    async def report(self, tally: Tally) -> None:
        tally.add()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    return run_in_loop(play(actors))


async def play(actors: int) -> float:
    done = asyncio.Event()
    tally = Tally(actors, done.set)
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        before = resident_bytes()
        refs = [
            await xoscar.actor_ref(await xoscar.create_actor(Reporter, address=address))
            for _ in range(actors)
        ]
        for ref in refs:
            await ref.report.tell(tally)
        await done.wait()
        after = resident_bytes()
    assert tally.is_complete, "not all actors have handled their message"
    return (after - before) / actors
