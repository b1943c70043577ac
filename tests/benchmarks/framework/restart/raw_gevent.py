"""Crashes by hand: a greenlet that is spawned anew when an exception has ended it."""

from unittest.mock import patch

import gevent
from gevent.queue import SimpleQueue

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


class Fragile:
    def __init__(self) -> None:
        self.incarnation = 0
        self.inbox: SimpleQueue[str] = SimpleQueue()
        self.answers: SimpleQueue[int] = SimpleQueue()

    def start(self, _: object = None) -> None:
        self.incarnation += 1
        self.greenlet = gevent.spawn(self.live)
        self.greenlet.link_exception(self.start)

    def live(self) -> None:
        while (message := self.inbox.get()) != "stop":
            if message == "crash":
                raise RuntimeError("told to crash")
            self.answers.put(self.incarnation)


def run(restarts: int = 1_000) -> float:
    """Return the seconds from the first crash to the last answer."""
    fragile, answers = Fragile(), []
    # The hub would print the traceback of each crash.
    with patch.object(gevent.get_hub(), "print_exception", new=lambda *_: None):
        fragile.start()
        gevent.sleep(0)
        with Stopwatch() as watch:
            for _ in range(restarts):
                fragile.inbox.put("crash")
                fragile.inbox.put("ping")
                answers.append(fragile.answers.get())
        fragile.inbox.put("stop")
        fragile.greenlet.join()
    assert answers == list(range(2, restarts + 2)), "not every crash led to one new greenlet"
    return watch.seconds
