"""Many living greenlets by hand, each with its own gevent queue."""

import gevent
from gevent.event import Event
from gevent.queue import SimpleQueue

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def handle(inbox: "SimpleQueue[Tally | None]") -> None:
    while tally := inbox.get():
        tally.add()


def run(actors: int = 10_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    done = Event()
    tally = Tally(actors, done.set)
    inboxes: list[SimpleQueue[Tally | None]] = [SimpleQueue() for _ in range(actors)]
    greenlets = [gevent.spawn(handle, inbox) for inbox in inboxes]
    gevent.sleep(0)
    with Stopwatch() as watch:
        for inbox in inboxes:
            inbox.put(tally)
        done.wait()
    for inbox in inboxes:
        inbox.put(None)
    gevent.joinall(greenlets)
    assert tally.is_complete, "not all greenlets have handled their message"
    return watch.seconds
