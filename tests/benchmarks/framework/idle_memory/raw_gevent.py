"""The memory of idle greenlets by hand, each with its own gevent queue."""

import gevent
from gevent.event import Event
from gevent.queue import SimpleQueue

from tests.benchmarks.framework._tally import Tally
from tests.benchmarks.framework.idle_memory._resident import resident_bytes

__all__ = ["run"]


def handle(inbox: "SimpleQueue[Tally | None]") -> None:
    while tally := inbox.get():
        tally.add()


def run(actors: int = 5_000) -> float:
    """Return the bytes per actor."""
    done = Event()
    tally = Tally(actors, done.set)
    gevent.get_hub()  # the start of the event loop is no part of a greenlet
    before = resident_bytes()
    inboxes: list[SimpleQueue[Tally | None]] = [SimpleQueue() for _ in range(actors)]
    greenlets = [gevent.spawn(handle, inbox) for inbox in inboxes]
    gevent.sleep(0)
    for inbox in inboxes:
        inbox.put(tally)
    done.wait()
    after = resident_bytes()
    for inbox in inboxes:
        inbox.put(None)
    gevent.joinall(greenlets)
    assert tally.is_complete, "not all greenlets have handled their message"
    return (after - before) / actors
