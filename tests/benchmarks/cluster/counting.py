"""A preload of Dask's scheduler that counts the messages which it handles.

Twice a second it adds a line to the file that the variable `RND_ACTORS_COUNTS` names: the time of
the monotonic clock, how often something was put into a queue and taken from one, and how many
other messages there were.
"""

import asyncio
import os
import time
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Final

_PERIOD_S: Final = 0.5


async def dask_setup(scheduler: Any) -> None:
    """Count from now on."""
    counts = {"queue_put": 0, "queue_get": 0, "others": 0}

    def counted(name: str, handler: Any) -> Any:
        kind = name if name in counts else "others"

        @wraps(handler)
        def handle(*args: Any, **options: Any) -> Any:
            counts[kind] += 1
            return handler(*args, **options)

        @wraps(handler)
        async def await_handler(*args: Any, **options: Any) -> Any:
            counts[kind] += 1
            return await handler(*args, **options)

        return await_handler if iscoroutinefunction(handler) else handle

    async def write() -> None:
        with Path(os.environ["RND_ACTORS_COUNTS"]).open("w") as file:
            while True:
                print(time.monotonic(), *counts.values(), file=file, flush=True)
                await asyncio.sleep(_PERIOD_S)

    for handlers in (scheduler.handlers, scheduler.stream_handlers):
        handlers.update({name: counted(name, each) for name, each in handlers.items()})
    scheduler.writing_counts = asyncio.ensure_future(write())
