"""What the programs on xoscar share; they import it when they are run, as it needs the peer."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import uvloop
import xoscar

__all__ = ["create", "run_in_pool"]

T = TypeVar("T")


def run_in_pool(play: Callable[[str], Awaitable[T]]) -> T:
    """Run a program with the address of a local pool of one process.

    The loop is the one that xoscar brings, which is faster than asyncio's own.
    """

    async def play_in_pool() -> T:
        pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
        async with pool:
            return await play(pool.external_address)

    result: T = uvloop.run(play_in_pool())
    return result


async def create(kind: type[Any], *arguments: Any, address: str) -> Any:
    """Create an actor in the pool and return its local ref, which calls directly.

    What `xoscar.create_actor` returns sends through a router, even within a pool.
    """
    return await xoscar.actor_ref(await xoscar.create_actor(kind, *arguments, address=address))
