"""Fork-join creation on Pykka."""

import math
from dataclasses import dataclass
from typing import Any

import pykka

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


class Worker(pykka.ThreadingActor):
    def on_receive(self, message: Work) -> None:
        message.collector.tell(Done(math.sin(37.2) ** 2))
        self.stop()


class Collector(pykka.ThreadingActor):
    def __init__(self, done: Any) -> None:
        super().__init__()
        self.done = done
        self.total = 0.0

    def on_receive(self, message: Expect | Done) -> None:
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
    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        collector = Collector.start(done)
        collector.tell(Expect(actors))
        workers = []
        for _ in range(actors):
            worker = Worker.start()
            worker.tell(Work(collector))
            workers.append(worker)
        total = done.get()
        for worker in workers:
            worker.actor_stopped.wait()
    pykka.ActorRegistry.stop_all()
    expected = actors * math.sin(37.2) ** 2
    assert math.isclose(total, expected), f"the total is {total}, not {expected}"
    return watch.seconds
