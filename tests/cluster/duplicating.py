"""A preload for workers of Dask: each fifth parcel is sent twice, as after a lost answer."""

from itertools import count
from typing import Any

import distributed


class _Queue(distributed.Queue):
    _numbers = count(1)

    async def put(self, value: Any, timeout: Any = None, **others: Any) -> None:
        queue: Any = super()
        await queue.put(value)
        if next(self._numbers) % 5 == 0:
            await queue.put(value)


distributed.Queue = _Queue  # type: ignore[misc]
