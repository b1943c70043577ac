"""Starting on xoscar, in a local pool of one process."""

import asyncio

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import run_in_loop

__all__ = ["run"]


class Idle(xoscar.Actor):
    pass


def run(actors: int = 2_000) -> float:
    """Return the seconds from the first start to the last."""
    return run_in_loop(play(actors))


async def play(actors: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        with Stopwatch() as watch:
            refs = [await xoscar.create_actor(Idle, address=address) for _ in range(actors)]
        await asyncio.gather(*(xoscar.destroy_actor(ref) for ref in refs))
        alive = sum([await xoscar.has_actor(ref) for ref in refs])
    assert not alive, f"{alive} of {actors} actors have not stopped"
    return watch.seconds
