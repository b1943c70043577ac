"""Counting on rnd-actors."""

from typing import Final

from attrs import frozen
from gevent.event import AsyncResult

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Start:
    increments: int
    counter: "ActorRef[Increment | Retrieve]"


@frozen
class Increment:
    pass


INCREMENT: Final = Increment()


@frozen
class Retrieve:
    sender: "ActorRef[Start | Result]"


@frozen
class Result:
    count: int


class Producer(Actor[Start | Result]):
    def __init__(self, done: "AsyncResult[int]") -> None:
        self.done = done

    def receive(self, message: Start | Result) -> None:
        match message:
            case Start(increments, counter):
                for _ in range(increments):
                    counter.tell(INCREMENT)
                counter.tell(Retrieve(self.ref))
            case Result(count):
                self.done.set(count)


class Counter(Actor[Increment | Retrieve]):
    def __init__(self) -> None:
        self.count = 0

    def receive(self, message: Increment | Retrieve) -> None:
        match message:
            case Increment():
                self.count += 1
            case Retrieve(sender):
                sender.tell(Result(self.count))


def run(increments: int) -> float:
    """Return the seconds from the start of the actors until the producer knows the count."""
    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        counter = system.start(ChildSpec("counter", Counter))
        producer = system.start(ChildSpec("producer", lambda: Producer(done)))
        producer.tell(Start(increments, counter))
        count = done.get()
    assert count == increments, f"counted {count} of {increments} increments"
    return watch.seconds
