"""Fork-join creation on Thespian, on its base that runs all actors in the calling thread."""

import math
from dataclasses import dataclass
from typing import Any

from thespian.actors import Actor, ActorExitRequest, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Work:
    collector: Any


@dataclass(frozen=True, slots=True)
class Expect:
    reports: int


@dataclass(frozen=True, slots=True)
class Done:
    result: float


class Worker(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, Work):
            self.send(message.collector, Done(math.sin(37.2) ** 2))
            self.send(self.myAddress, ActorExitRequest())


class Collector(Actor):
    def __init__(self) -> None:
        self.total = 0.0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Expect(reports):
                self.left, self.starter = reports, sender
            case Done(result):
                self.total += result
                self.left -= 1
                if not self.left:
                    self.send(self.starter, self.total)


def run(actors: int) -> float:
    """Return the seconds from the start of the collector until all have reported and stopped."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            collector = system.createActor(Collector)
            system.tell(collector, Expect(actors))
            for _ in range(actors):
                worker = system.createActor(Worker)
                # On this base it returns when nothing is left to do: the worker has stopped then.
                system.tell(worker, Work(collector))
            total = system.listen()
    finally:
        system.shutdown()
    expected = actors * math.sin(37.2) ** 2
    assert math.isclose(total, expected), f"the total is {total}, not {expected}"
    return watch.seconds
