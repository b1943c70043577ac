"""Fork-join creation on rnd-actors."""

import math

from attrs import frozen
from gevent.event import AsyncResult

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Restart
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Work:
    collector: "ActorRef[Expect | Done]"


@frozen
class Expect:
    reports: int


@frozen
class Done:
    result: float


class Worker(Actor[Work]):
    def receive(self, message: Work) -> None:
        message.collector.tell(Done(math.sin(37.2) ** 2))
        self.stop()


class Collector(Actor[Expect | Done]):
    def __init__(self, done: "AsyncResult[float]") -> None:
        self.done = done
        self.total = 0.0

    def receive(self, message: Expect | Done) -> None:
        match message:
            case Expect(reports):
                self.left = reports
            case Done(result):
                self.total += result
                self.left -= 1
                if not self.left:
                    self.done.set(self.total)


def run(actors: int) -> float:
    """Return the seconds from the start of the collector until all have reported and stopped."""
    done: AsyncResult[float] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        collector = system.start(ChildSpec("collector", lambda: Collector(done)))
        collector.tell(Expect(actors))
        workers: list[ActorRef[Work]] = []
        for n in range(actors):
            spec = ChildSpec(f"worker-{n}", Worker, restart=Restart.TEMPORARY)
            worker = system.start(spec)
            worker.tell(Work(collector))
            workers.append(worker)
        total = done.get()
        for worker in workers:
            worker.join()
    expected = actors * math.sin(37.2) ** 2
    assert math.isclose(total or 0, expected), f"the total is {total}, not {expected}"
    return watch.seconds
