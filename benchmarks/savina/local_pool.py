"""What the programs on xoscar share."""

from typing import Any

import xoscar

__all__ = ["create"]


async def create(kind: type[Any], *arguments: Any, address: str) -> Any:
    """Create an actor in the pool of this process and return its local ref, which calls directly.

    What `xoscar.create_actor` returns sends through a router, even within a pool.
    """
    return await xoscar.actor_ref(await xoscar.create_actor(kind, *arguments, address=address))
