"""Telling on rnd-actors."""

from gevent.event import AsyncResult

from rnd_actors import Actor, ActorSystem, ChildSpec
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


class Receiver(Actor[int]):
    def __init__(self, last: int, done: "AsyncResult[int]") -> None:
        self.last, self.done = last, done
        self.handled = 0

    def receive(self, message: int) -> None:
        self.handled += 1
        if message == self.last:
            self.done.set(self.handled)


def run(messages: int = 200_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system:
        receiver = system.start(ChildSpec("receiver", lambda: Receiver(messages - 1, done)))
        with Stopwatch() as watch:
            for number in range(messages):
                receiver.tell(number)
            handled = done.get()
    assert handled == messages, f"{handled} of {messages} messages were handled"
    return watch.seconds
