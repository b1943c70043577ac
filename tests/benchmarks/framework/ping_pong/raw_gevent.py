"""Ping-pong by hand: two greenlets and two gevent queues."""

import gevent
from gevent.queue import SimpleQueue

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def ping(pings: int, inbox: "SimpleQueue[str]", pong: "SimpleQueue[str]") -> int:
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


def run(pings: int = 20_000) -> float:
    """Return the seconds from the start of the greenlets to the last pong."""
    gevent.get_hub()  # the start of the event loop is no part of a greenlet
    with Stopwatch() as watch:
        to_pinger: SimpleQueue[str] = SimpleQueue()
        to_ponger: SimpleQueue[str] = SimpleQueue()
        ponger = gevent.spawn(answer, to_ponger, to_pinger)
        pinger = gevent.spawn(ping, pings, to_pinger, to_ponger)
        pongs = pinger.get()
    ponger.join()
    assert pongs == pings, f"{pongs} pongs came for {pings} pings"
    return watch.seconds
