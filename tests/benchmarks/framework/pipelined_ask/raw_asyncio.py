"""Asking many times at once by hand: two asyncio queues, for requests and for answers."""

import asyncio

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


async def answer(requests: asyncio.Queue[str], answers: asyncio.Queue[int]) -> None:
    count = 0
    while await requests.get() == "count":
        count += 1
        answers.put_nowait(count)


def run(requests: int = 20_000, window: int = 100) -> float:
    """Return the seconds from the first request to the last answer."""
    return asyncio.run(play(requests, window))


async def play(requests: int, window: int) -> float:
    inbox: asyncio.Queue[str] = asyncio.Queue()
    answers: asyncio.Queue[int] = asyncio.Queue()
    counter, total = asyncio.create_task(answer(inbox, answers)), 0
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for first in range(0, requests, window):
            size = min(window, requests - first)
            for _ in range(size):
                inbox.put_nowait("count")
            for _ in range(size):
                total += await answers.get()
    inbox.put_nowait("stop")
    await counter
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
    return watch.seconds
