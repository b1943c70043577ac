"""Telling on Pykka."""

from typing import Any

import pykka

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


class Receiver(pykka.ThreadingActor):
    def __init__(self, last: int, done: Any) -> None:
        super().__init__()
        self.last, self.done = last, done
        self.handled = 0

    def on_receive(self, message: int) -> None:
        self.handled += 1
        if message == self.last:
            self.done.set(self.handled)


def run(messages: int = 200_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    done = pykka.ThreadingFuture()
    receiver = Receiver.start(messages - 1, done)
    with Stopwatch() as watch:
        for number in range(messages):
            receiver.tell(number)
        handled = done.get()
    pykka.ActorRegistry.stop_all()
    assert handled == messages, f"{handled} of {messages} messages were handled"
    return watch.seconds
