"""Starting and stopping by hand: tasks that wait for their own asyncio queues."""

import asyncio

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


async def wait(inbox: asyncio.Queue[str]) -> None:
    while await inbox.get() != "stop":
        pass


def run(actors: int = 2_000) -> float:
    """Return the seconds from the first start to the last end."""
    return asyncio.run(play(actors))


async def play(actors: int) -> float:
    inboxes: list[asyncio.Queue[str]] = []
    tasks = []
    with Stopwatch() as watch:
        for _ in range(actors):
            inbox: asyncio.Queue[str] = asyncio.Queue()
            inboxes.append(inbox)
            tasks.append(asyncio.create_task(wait(inbox)))
            await asyncio.sleep(0)
        for inbox in inboxes:
            inbox.put_nowait("stop")
        await asyncio.gather(*tasks)
    alive = sum(not task.done() for task in tasks)
    assert not alive, f"{alive} of {actors} tasks have not stopped"
    return watch.seconds
