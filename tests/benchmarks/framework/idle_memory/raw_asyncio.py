"""The memory of idle tasks by hand, each with its own asyncio queue."""

import asyncio

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes

__all__ = ["run"]


async def handle(inbox: asyncio.Queue[Tally | None]) -> None:
    while tally := await inbox.get():
        tally.add()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    return asyncio.run(play(actors))


async def play(actors: int) -> float:
    done = asyncio.Event()
    tally = Tally(actors, done.set)
    before = resident_bytes()
    inboxes: list[asyncio.Queue[Tally | None]] = [asyncio.Queue() for _ in range(actors)]
    tasks = [asyncio.create_task(handle(inbox)) for inbox in inboxes]
    await asyncio.sleep(0)
    for inbox in inboxes:
        inbox.put_nowait(tally)
    await done.wait()
    after = resident_bytes()
    for inbox in inboxes:
        inbox.put_nowait(None)
    await asyncio.gather(*tasks)
    assert tally.is_complete, "not all tasks have handled their message"
    return (after - before) / actors
