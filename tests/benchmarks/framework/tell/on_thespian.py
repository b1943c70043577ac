"""Telling on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    last: int


class Receiver(Actor):
    def __init__(self) -> None:
        self.last = self.handled = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, int):
            self.handled += 1
            if message == self.last:
                self.send(sender, self.handled)
        elif isinstance(message, Start):
            self.last = message.last


def run(messages: int = 200_000) -> float:
    """Return the seconds from the first message to the end of the last."""
    system = ActorSystem("simpleSystemBase")
    try:
        receiver = system.createActor(Receiver)
        system.tell(receiver, Start(messages - 1))
        with Stopwatch() as watch:
            for number in range(messages):
                system.tell(receiver, number)
            handled = system.listen()
    finally:
        system.shutdown()
    assert handled == messages, f"{handled} of {messages} messages were handled"
    return watch.seconds
