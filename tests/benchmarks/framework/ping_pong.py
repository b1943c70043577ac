"""Savina's ping-pong, `tests.benchmarks.savina.ping_pong`, and the same by hand.

Two actors send one message to and fro: the cost of a message to an actor that waits.
"""

from tests.benchmarks.savina.ping_pong import on_pykka, on_thespian, on_xoscar, ours
from tests.benchmarks.stopwatch import Stopwatch

__all__ = [
    "on_pykka",
    "on_thespian",
    "on_xoscar",
    "ours",
    "raw_asyncio",
    "raw_gevent",
    "raw_greenlets",
]


def raw_gevent(pings: int) -> float:
    import gevent
    from gevent.queue import SimpleQueue

    def ping(inbox: "SimpleQueue[str]", pong: "SimpleQueue[str]") -> int:
        pongs = 0
        pong.put("ping")
        while inbox.get() == "pong":
            pongs += 1
            if pongs == pings:
                pong.put("stop")
                break
            pong.put("ping")
        return pongs

    def answer(inbox: "SimpleQueue[str]", ping: "SimpleQueue[str]") -> None:
        while inbox.get() == "ping":
            ping.put("pong")

    gevent.get_hub()  # the start of the event loop is no part of a greenlet
    with Stopwatch() as watch:
        to_pinger: SimpleQueue[str] = SimpleQueue()
        to_ponger: SimpleQueue[str] = SimpleQueue()
        ponger = gevent.spawn(answer, to_ponger, to_pinger)
        pinger = gevent.spawn(ping, to_pinger, to_ponger)
        pongs = pinger.get()
    ponger.join()
    _check(pongs, pings)
    return watch.seconds


def raw_greenlets(pings: int) -> float:
    from greenlet import greenlet

    def ping(ponger: greenlet) -> int:
        for pong in range(pings):
            message = ponger.switch("ping")
            assert message == "pong", f"{message} came after {pong} pongs"
        return pings

    def answer(message: str, pinger: greenlet) -> None:
        while message == "ping":
            message = pinger.switch("pong")

    with Stopwatch() as watch:
        pinger = greenlet(ping)
        ponger = greenlet(lambda message: answer(message, pinger))
        pongs = pinger.switch(ponger)
    ponger.switch("stop")
    _check(pongs, pings)
    return watch.seconds


def raw_asyncio(pings: int) -> float:
    import asyncio

    async def ping(inbox: asyncio.Queue[str], pong: asyncio.Queue[str]) -> int:
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

    async def play() -> float:
        with Stopwatch() as watch:
            to_pinger: asyncio.Queue[str] = asyncio.Queue()
            to_ponger: asyncio.Queue[str] = asyncio.Queue()
            ponger = asyncio.create_task(answer(to_ponger, to_pinger))
            pinger = asyncio.create_task(ping(to_pinger, to_ponger))
            pongs = await pinger
        await ponger
        _check(pongs, pings)
        return watch.seconds

    return asyncio.run(play())


def _check(pongs: int, pings: int) -> None:
    assert pongs == pings, f"{pongs} pongs came for {pings} pings"
