"""Thread ring on xoscar, in a local pool of one process."""

import asyncio
from typing import Any

import xoscar

from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.xoscar_pool import create, run_in_loop

__all__ = ["run"]


class Node(xoscar.Actor):
    async def start(self, position: int, next_node: Any, done: asyncio.Future[int]) -> None:
        self.position, self.next, self.done = position, next_node, done

    async def token(self, hops_left: int) -> None:
        if hops_left:
            await self.next.token.tell(hops_left - 1)
        else:
            self.done.set_result(self.position)


def run(actors: int, hops: int) -> float:
    """Return the seconds from the start of the actors to the last hop."""
    return run_in_loop(play(actors, hops))


async def play(actors: int, hops: int) -> float:
    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            nodes = [await create(Node, address=address) for _ in range(actors)]
            for position, node in enumerate(nodes):
                await node.start.tell(position, nodes[(position + 1) % actors], done)
            await nodes[0].token.tell(hops)
            last = await done
    assert last == hops % actors, f"{hops} hops of {actors} actors ended at {last}"
    return watch.seconds
