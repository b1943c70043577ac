"""Fork-join throughput on Pykka."""

import math
from dataclasses import dataclass
from typing import Any, Final

import pykka

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


class Worker(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.total = 0.0

    def on_receive(self, message: Start | Work) -> None:
        match message:
            case Start(messages, collector):
                self.left, self.collector = messages, collector
            case Work():
                self.total += math.sin(37.2) ** 2
                self.left -= 1
                if not self.left:
                    self.collector.tell(Done(self.total))


class Collector(pykka.ThreadingActor):
    def __init__(self, done: Any) -> None:
        super().__init__()
        self.done = done
        self.total = 0.0

    def on_receive(self, message: Expect | Done) -> None:
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
    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        collector = Collector.start(done)
        collector.tell(Expect(actors))
        workers = [Worker.start() for _ in range(actors)]
        for worker in workers:
            worker.tell(Start(messages, collector))
        for _ in range(messages):
            for worker in workers:
                worker.tell(WORK)
        total = done.get()
    pykka.ActorRegistry.stop_all()
    expected = messages * actors * math.sin(37.2) ** 2
    assert math.isclose(total, expected), f"the total is {total}, not {expected}"
    return watch.seconds
