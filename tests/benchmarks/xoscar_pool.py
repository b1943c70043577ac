"""What the programs on xoscar share."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop
import xoscar

__all__ = ["create", "run_in_loop"]


T = TypeVar("T")


def run_in_loop(play: Coroutine[Any, Any, T]) -> T:
    """Run a program on the loop that xoscar brings, which is faster than asyncio's own."""
    result: T = uvloop.run(play)
    return result


async def create(kind: type[Any], *arguments: Any, address: str) -> Any:
    """Create an actor in the pool of this process and return its local ref, which calls directly.

    What `xoscar.create_actor` returns sends through a router, even within a pool.
    """
    return await xoscar.actor_ref(await xoscar.create_actor(kind, *arguments, address=address))
