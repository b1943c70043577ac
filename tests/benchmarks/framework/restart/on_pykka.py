"""Crashes on Pykka, where an actor that fails starts its successor."""

import queue
from dataclasses import dataclass
from typing import Any

import pykka

from tests.benchmarks.framework._silence import silence
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Crash:
    pass


@dataclass(frozen=True, slots=True)
class Ping:
    pass


class Fragile(pykka.ThreadingActor):
    def __init__(self, incarnation: int, successors: "queue.SimpleQueue[Any]") -> None:
        super().__init__()
        self.incarnation, self.successors = incarnation, successors

    def on_receive(self, message: Crash | Ping) -> int:
        match message:
            case Crash():
                raise RuntimeError("told to crash")
            case Ping():
                return self.incarnation

    def on_failure(self, *_: object) -> None:
        self.successors.put(Fragile.start(self.incarnation + 1, self.successors))


def run(restarts: int = 1_000) -> float:
    """Return the seconds from the first crash to the last answer."""
    crash, ping, answers = Crash(), Ping(), []
    successors: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with silence("pykka"):
        fragile = Fragile.start(1, successors)
        with Stopwatch() as watch:
            for _ in range(restarts):
                fragile.tell(crash)
                fragile = successors.get()
                answers.append(fragile.ask(ping))
        pykka.ActorRegistry.stop_all()
    assert answers == list(range(2, restarts + 2)), "not every crash led to one restart"
    return watch.seconds
