"""Counting on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    increments: int
    counter: Any


@dataclass(frozen=True, slots=True)
class Increment:
    pass


INCREMENT: Final = Increment()


@dataclass(frozen=True, slots=True)
class Retrieve:
    pass


RETRIEVE: Final = Retrieve()


@dataclass(frozen=True, slots=True)
class Result:
    count: int


class Producer(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(increments, counter):
                self.starter = sender
                for _ in range(increments):
                    self.send(counter, INCREMENT)
                self.send(counter, RETRIEVE)
            case Result(count):
                self.send(self.starter, count)


class Counter(Actor):
    def __init__(self) -> None:
        self.count = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Increment():
                self.count += 1
            case Retrieve():
                self.send(sender, Result(self.count))


def run(increments: int) -> float:
    """Return the seconds from the start of the actors until the producer knows the count."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            counter = system.createActor(Counter)
            producer = system.createActor(Producer)
            count = system.ask(producer, Start(increments, counter))
    finally:
        system.shutdown()
    assert count == increments, f"counted {count} of {increments} increments"
    return watch.seconds
