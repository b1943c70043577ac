"""Fork-join throughput on Thespian, on its base that runs all actors in the calling thread."""

import math
from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    messages: int
    collector: Any


@dataclass(frozen=True, slots=True)
class Work:
    pass


WORK: Final = Work()


@dataclass(frozen=True, slots=True)
class Expect:
    reports: int


@dataclass(frozen=True, slots=True)
class Done:
    total: float


class Worker(Actor):
    def __init__(self) -> None:
        self.total = 0.0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(messages, collector):
                self.left, self.collector = messages, collector
            case Work():
                self.total += math.sin(37.2) ** 2
                self.left -= 1
                if not self.left:
                    self.send(self.collector, Done(self.total))


class Collector(Actor):
    def __init__(self) -> None:
        self.total = 0.0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Expect(reports):
                self.left, self.starter = reports, sender
            case Done(total):
                self.total += total
                self.left -= 1
                if not self.left:
                    self.send(self.starter, self.total)


def run(messages: int, actors: int) -> float:
    """Return the seconds from the start of the actors until all have reported."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            collector = system.createActor(Collector)
            system.tell(collector, Expect(actors))
            workers = [system.createActor(Worker) for _ in range(actors)]
            for worker in workers:
                system.tell(worker, Start(messages, collector))
            for _ in range(messages):
                for worker in workers:
                    system.tell(worker, WORK)
            total = system.listen()
    finally:
        system.shutdown()
    expected = messages * actors * math.sin(37.2) ** 2
    assert math.isclose(total, expected), f"the total is {total}, not {expected}"
    return watch.seconds
