"""Ping-pong by hand: two tasks and two asyncio queues."""

import asyncio

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


async def ping(pings: int, inbox: asyncio.Queue[str], pong: asyncio.Queue[str]) -> int:
    pongs = 0
    pong.put_nowait("ping")
    while await inbox.get() == "pong":
        pongs += 1
        if pongs == pings:
            pong.put_nowait("stop")
            break
        pong.put_nowait("ping")
    return pongs


async def answer(inbox: asyncio.Queue[str], ping: asyncio.Queue[str]) -> None:
    while await inbox.get() == "ping":
        ping.put_nowait("pong")


def run(pings: int = 20_000) -> float:
    """Return the seconds from the start of the tasks to the last pong."""
    return asyncio.run(play(pings))


async def play(pings: int) -> float:
    with Stopwatch() as watch:
        to_pinger: asyncio.Queue[str] = asyncio.Queue()
        to_ponger: asyncio.Queue[str] = asyncio.Queue()
        ponger = asyncio.create_task(answer(to_ponger, to_pinger))
        pinger = asyncio.create_task(ping(pings, to_pinger, to_ponger))
        pongs = await pinger
    await ponger
    assert pongs == pings, f"{pongs} pongs came for {pings} pings"
    return watch.seconds
