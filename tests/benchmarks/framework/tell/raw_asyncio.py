"""Telling by hand: an asyncio queue, and a task that empties it."""

import asyncio

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


async def receive(inbox: asyncio.Queue[int], last: int) -> int:
    handled = 0
    while True:
        message = await inbox.get()
        handled += 1
        if message == last:
            return handled


def run(messages: int = 200_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    return asyncio.run(play(messages))


async def play(messages: int) -> float:
    inbox: asyncio.Queue[int] = asyncio.Queue()
    receiver = asyncio.create_task(receive(inbox, messages - 1))
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for number in range(messages):
            inbox.put_nowait(number)
        handled = await receiver
    assert handled == messages, f"{handled} of {messages} messages were handled"
    return watch.seconds
