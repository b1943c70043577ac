"""Fork-join throughput on rnd-actors."""

import math
from typing import Final

from attrs import frozen
from gevent.event import AsyncResult

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Start:
    messages: int
    collector: "ActorRef[Expect | Done]"


@frozen
class Work:
    pass


WORK: Final = Work()


@frozen
class Expect:
    reports: int


@frozen
class Done:
    total: float


class Worker(Actor[Start | Work]):
    def __init__(self) -> None:
        self.total = 0.0

    def receive(self, message: Start | Work) -> None:
        match message:
            case Start(messages, collector):
                self.left, self.collector = messages, collector
            case Work():
                self.total += math.sin(37.2) ** 2
                self.left -= 1
                if not self.left:
                    self.collector.tell(Done(self.total))


class Collector(Actor[Expect | Done]):
    def __init__(self, done: "AsyncResult[float]") -> None:
        self.done = done
        self.total = 0.0

    def receive(self, message: Expect | Done) -> None:
        match message:
            case Expect(reports):
                self.left = reports
            case Done(total):
                self.total += total
                self.left -= 1
                if not self.left:
                    self.done.set(self.total)


def run(messages: int, actors: int) -> float:
    """Return the seconds from the start of the actors until all have reported."""
    done: AsyncResult[float] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        collector = system.start(ChildSpec("collector", lambda: Collector(done)))
        collector.tell(Expect(actors))
        workers = [system.start(ChildSpec(f"worker-{n}", Worker)) for n in range(actors)]
        for worker in workers:
            worker.tell(Start(messages, collector))
        for _ in range(messages):
            for worker in workers:
                worker.tell(WORK)
        total = done.get()
    expected = messages * actors * math.sin(37.2) ** 2
    assert math.isclose(total or 0, expected), f"the total is {total}, not {expected}"
    return watch.seconds
