"""The bounded buffer on Pykka."""

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import pykka

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
    manager: Any


@dataclass(frozen=True, slots=True)
class StartConsumer:
    cost: int
    manager: Any


@dataclass(frozen=True, slots=True)
class ProduceData:
    pass


PRODUCE_DATA: Final = ProduceData()


@dataclass(frozen=True, slots=True)
class DataItem:
    data: float
    producer: Any


@dataclass(frozen=True, slots=True)
class ProducerExit:
    pass


PRODUCER_EXIT: Final = ProducerExit()


@dataclass(frozen=True, slots=True)
class ConsumerAvailable:
    consumer: Any


@dataclass(frozen=True, slots=True)
class Exit:
    pass


EXIT: Final = Exit()


@dataclass(frozen=True, slots=True)
class Exited:
    items: int
    total: float


class Producer(pykka.ThreadingActor):
    def on_receive(self, message: StartProducer | ProduceData) -> None:
        match message:
            case StartProducer(items, cost, manager):
                self.left, self.cost, self.manager = items, cost, manager
                self.data = SEED
            case ProduceData() if self.left:
                self.left -= 1
                self.data = calculate(self.data, self.cost)
                self.manager.tell(DataItem(self.data, self.actor_ref))
            case ProduceData():
                self.manager.tell(PRODUCER_EXIT)
                self.stop()


class Consumer(pykka.ThreadingActor):
    def on_receive(self, message: StartConsumer | DataItem | Exit) -> None:
        match message:
            case StartConsumer(cost, manager):
                self.cost, self.manager = cost, manager
                self.items, self.total = 0, 0.0
                self.available = ConsumerAvailable(self.actor_ref)
                manager.tell(self.available)
            case DataItem(data):
                self.items += 1
                self.total += calculate(data, self.cost)
                self.manager.tell(self.available)
            case Exit():
                self.manager.tell(Exited(self.items, self.total))
                self.stop()


class Manager(pykka.ThreadingActor):
    def __init__(self, finished: Any) -> None:
        super().__init__()
        self.finished, self.consumed = finished, Consumed()

    def on_receive(
        self, message: Manage | DataItem | ProducerExit | ConsumerAvailable | Exited
    ) -> None:
        match message:
            case Manage():
                self.start_all(message)
            case DataItem(_, producer):
                self.idle.append(producer)
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
            case ConsumerAvailable(consumer):
                if self.buffer:
                    self.hand(self.buffer.popleft(), consumer)
                else:
                    self.waiting.append(consumer)
                    self.end_if_done()
            case Exited(items, total):
                self.consumed.add(items, total)
                self.alive -= 1
                if not self.alive:
                    self.finished.set(self.consumed)

    def start_all(self, message: Manage) -> None:
        self.consumers, self.room = message.consumers, message.buffer
        self.producing, self.alive = len(message.producers), len(message.consumers)
        self.buffer: deque[DataItem] = deque()
        self.idle = deque(message.producers)
        self.waiting: deque[Any] = deque()
        for producer in message.producers:
            producer.tell(StartProducer(message.items, message.cost, self.actor_ref))
        for consumer in message.consumers:
            consumer.tell(StartConsumer(message.cost, self.actor_ref))
        self.ask_producers()

    def hand(self, item: DataItem, consumer: Any) -> None:
        consumer.tell(item)
        self.room += 1
        self.ask_producers()

    def ask_producers(self) -> None:
        while self.room and self.idle:
            self.room -= 1
            self.idle.popleft().tell(PRODUCE_DATA)

    def end_if_done(self) -> None:
        if not self.producing and len(self.waiting) == len(self.consumers):
            for consumer in self.consumers:
                consumer.tell(EXIT)


def run(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    finished = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        makers = [Producer.start() for _ in range(producers)]
        takers = [Consumer.start() for _ in range(consumers)]
        manager = Manager.start(finished)
        manager.tell(Manage(makers, takers, buffer, items, cost))
        consumed = finished.get()
    pykka.ActorRegistry.stop_all()
    consumed.check(producers, items, cost)
    return watch.seconds
