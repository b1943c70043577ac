"""Telling by hand: a gevent queue, and a greenlet that empties it."""

import gevent
from gevent.queue import SimpleQueue

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


def receive(inbox: "SimpleQueue[int]", last: int) -> int:
    handled = 0
    while True:
        message = inbox.get()
        handled += 1
        if message == last:
            return handled


def run(messages: int = 200_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    inbox: SimpleQueue[int] = SimpleQueue()
    receiver = gevent.spawn(receive, inbox, messages - 1)
    gevent.sleep(0)
    with Stopwatch() as watch:
        for number in range(messages):
            inbox.put(number)
        handled = receiver.get()
    assert handled == messages, f"{handled} of {messages} messages were handled"
    return watch.seconds
