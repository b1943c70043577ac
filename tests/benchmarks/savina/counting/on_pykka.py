"""Counting on Pykka."""

from dataclasses import dataclass
from typing import Any, Final

import pykka

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
    sender: Any


@dataclass(frozen=True, slots=True)
class Result:
    count: int


class Producer(pykka.ThreadingActor):
    def __init__(self, done: Any) -> None:
        super().__init__()
        self.done = done

    def on_receive(self, message: Start | Result) -> None:
        match message:
            case Start(increments, counter):
                for _ in range(increments):
                    counter.tell(INCREMENT)
                counter.tell(Retrieve(self.actor_ref))
            case Result(count):
                self.done.set(count)


class Counter(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: Increment | Retrieve) -> None:
        match message:
            case Increment():
                self.count += 1
            case Retrieve(sender):
                sender.tell(Result(self.count))


def run(increments: int) -> float:
    """Return the seconds from the start of the actors until the producer knows the count."""
    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        counter = Counter.start()
        producer = Producer.start(done)
        producer.tell(Start(increments, counter))
        count = done.get()
    pykka.ActorRegistry.stop_all()
    assert count == increments, f"counted {count} of {increments} increments"
    return watch.seconds
