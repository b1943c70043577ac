"""Starting by hand: greenlets that wait for their own gevent queues."""

import gevent
from gevent.queue import SimpleQueue

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def wait(inbox: "SimpleQueue[str]") -> None:
    while inbox.get() != "stop":
        pass


def run(actors: int = 2_000) -> float:
    """Return the seconds from the first start to the last."""
    inboxes: list[SimpleQueue[str]] = []
    greenlets = []
    gevent.get_hub()  # the start of the event loop is no part of a greenlet
    with Stopwatch() as watch:
        for _ in range(actors):
            inbox: SimpleQueue[str] = SimpleQueue()
            inboxes.append(inbox)
            greenlets.append(gevent.spawn(wait, inbox))
            gevent.sleep(0)
    for inbox in inboxes:
        inbox.put("stop")
    gevent.joinall(greenlets)
    alive = sum(not greenlet.successful() for greenlet in greenlets)
    assert not alive, f"{alive} of {actors} greenlets have not stopped"
    return watch.seconds
