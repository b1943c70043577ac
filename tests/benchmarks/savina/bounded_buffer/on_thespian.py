"""The bounded buffer on Thespian, on its base that runs all actors in the calling thread."""

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorExitRequest, ActorSystem

from tests.benchmarks.savina.bounded_buffer import SEED, Consumed, calculate
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Manage:
    producers: list[Any]
    consumers: list[Any]
    buffer: int
    items: int
    cost: int


@dataclass(frozen=True, slots=True)
class StartProducer:
    items: int
    cost: int


@dataclass(frozen=True, slots=True)
class StartConsumer:
    cost: int


@dataclass(frozen=True, slots=True)
class ProduceData:
    pass


PRODUCE_DATA: Final = ProduceData()


@dataclass(frozen=True, slots=True)
class DataItem:
    data: float


@dataclass(frozen=True, slots=True)
class ProducerExit:
    pass


PRODUCER_EXIT: Final = ProducerExit()


@dataclass(frozen=True, slots=True)
class ConsumerAvailable:
    pass


CONSUMER_AVAILABLE: Final = ConsumerAvailable()


@dataclass(frozen=True, slots=True)
class Exit:
    pass


EXIT: Final = Exit()


@dataclass(frozen=True, slots=True)
class Exited:
    items: int
    total: float


class Producer(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case StartProducer(items, cost):
                self.left, self.cost, self.manager = items, cost, sender
                self.data = SEED
            case ProduceData() if self.left:
                self.left -= 1
                self.data = calculate(self.data, self.cost)
                self.send(self.manager, DataItem(self.data))
            case ProduceData():
                self.send(self.manager, PRODUCER_EXIT)
                self.send(self.myAddress, ActorExitRequest())


class Consumer(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case StartConsumer(cost):
                self.cost, self.manager = cost, sender
                self.items, self.total = 0, 0.0
                self.available = CONSUMER_AVAILABLE
                self.send(sender, self.available)
            case DataItem(data):
                self.items += 1
                self.total += calculate(data, self.cost)
                self.send(self.manager, self.available)
            case Exit():
                self.send(self.manager, Exited(self.items, self.total))
                self.send(self.myAddress, ActorExitRequest())


class Manager(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Manage():
                self.starter = sender
                self.start_all(message)
            case DataItem():
                self.idle.append(sender)
                if self.waiting:
                    self.hand(message, self.waiting.popleft())
                else:
                    self.buffer.append(message)
                    self.ask_producers()
            case ProducerExit():
                self.room += 1
                self.producing -= 1
                self.ask_producers()
                self.end_if_done()
            case ConsumerAvailable():
                if self.buffer:
                    self.hand(self.buffer.popleft(), sender)
                else:
                    self.waiting.append(sender)
                    self.end_if_done()
            case Exited(items, total):
                self.consumed.add(items, total)
                self.alive -= 1
                if not self.alive:
                    self.send(self.starter, self.consumed)

    def start_all(self, message: Manage) -> None:
        self.consumed = Consumed()
        self.consumers, self.room = message.consumers, message.buffer
        self.producing, self.alive = len(message.producers), len(message.consumers)
        self.buffer: deque[DataItem] = deque()
        self.idle = deque(message.producers)
        self.waiting: deque[Any] = deque()
        for producer in message.producers:
            self.send(producer, StartProducer(message.items, message.cost))
        for consumer in message.consumers:
            self.send(consumer, StartConsumer(message.cost))
        self.ask_producers()

    def hand(self, item: DataItem, consumer: Any) -> None:
        self.send(consumer, item)
        self.room += 1
        self.ask_producers()

    def ask_producers(self) -> None:
        while self.room and self.idle:
            self.room -= 1
            self.send(self.idle.popleft(), PRODUCE_DATA)

    def end_if_done(self) -> None:
        if not self.producing and len(self.waiting) == len(self.consumers):
            for consumer in self.consumers:
                self.send(consumer, EXIT)


def run(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            makers = [system.createActor(Producer) for _ in range(producers)]
            takers = [system.createActor(Consumer) for _ in range(consumers)]
            manager = system.createActor(Manager)
            consumed = system.ask(manager, Manage(makers, takers, buffer, items, cost))
    finally:
        system.shutdown()
    consumed.check(producers, items, cost)
    return watch.seconds
