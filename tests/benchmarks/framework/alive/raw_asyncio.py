"""Many living tasks by hand, each with its own asyncio queue."""

import asyncio

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


async def handle(inbox: asyncio.Queue[Tally | None]) -> None:
    while tally := await inbox.get():
        tally.add()


def run(actors: int = 10_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    return asyncio.run(play(actors))


async def play(actors: int) -> float:
    done = asyncio.Event()
    tally = Tally(actors, done.set)
    inboxes: list[asyncio.Queue[Tally | None]] = [asyncio.Queue() for _ in range(actors)]
    tasks = [asyncio.create_task(handle(inbox)) for inbox in inboxes]
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for inbox in inboxes:
            inbox.put_nowait(tally)
        await done.wait()
    for inbox in inboxes:
        inbox.put_nowait(None)
    await asyncio.gather(*tasks)
    assert tally.is_complete, "not all tasks have handled their message"
    return watch.seconds
