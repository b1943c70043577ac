"""Ping-pong by hand: two greenlets that switch to each other, without a hub."""

from greenlet import greenlet

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def ping(pings: int, ponger: greenlet) -> int:
    for pong in range(pings):
        message = ponger.switch("ping")
        assert message == "pong", f"{message} came after {pong} pongs"
    return pings


def answer(message: str, pinger: greenlet) -> None:
    while message == "ping":
        message = pinger.switch("pong")


def run(pings: int = 20_000) -> float:
    """Return the seconds from the start of the greenlets to the last pong."""
    with Stopwatch() as watch:
        pinger = greenlet(ping)
        ponger = greenlet(lambda message: answer(message, pinger))
        pongs = pinger.switch(pings, ponger)
    ponger.switch("stop")
    assert pongs == pings, f"{pongs} pongs came for {pings} pings"
    return watch.seconds
