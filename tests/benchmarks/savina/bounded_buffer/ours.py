"""The bounded buffer on rnd-actors."""

from collections import deque
from typing import Final

from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Request, Restart
from tests.benchmarks.savina.bounded_buffer import SEED, Consumed, calculate
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Manage(Request[Consumed]):
    producers: "list[ActorRef[StartProducer | ProduceData]]"
    consumers: "list[ActorRef[StartConsumer | DataItem | Exit]]"
    buffer: int
    items: int
    cost: int


@frozen
class StartProducer:
    items: int
    cost: int
    manager: "ActorRef[DataItem | ProducerExit]"


@frozen
class StartConsumer:
    cost: int
    manager: "ActorRef[ConsumerAvailable | Exited]"


@frozen
class ProduceData:
    pass


PRODUCE_DATA: Final = ProduceData()


@frozen
class DataItem:
    data: float
    producer: "ActorRef[ProduceData]"


@frozen
class ProducerExit:
    pass


PRODUCER_EXIT: Final = ProducerExit()


@frozen
class ConsumerAvailable:
    consumer: "ActorRef[DataItem]"


@frozen
class Exit:
    pass


EXIT: Final = Exit()


@frozen
class Exited:
    items: int
    total: float


class Producer(Actor[StartProducer | ProduceData]):
    def receive(self, message: StartProducer | ProduceData) -> None:
        match message:
            case StartProducer(items, cost, manager):
                self.left, self.cost, self.manager = items, cost, manager
                self.data = SEED
            case ProduceData() if self.left:
                self.left -= 1
                self.data = calculate(self.data, self.cost)
                self.manager.tell(DataItem(self.data, self.ref))
            case ProduceData():
                self.manager.tell(PRODUCER_EXIT)
                self.stop()


class Consumer(Actor[StartConsumer | DataItem | Exit]):
    def receive(self, message: StartConsumer | DataItem | Exit) -> None:
        match message:
            case StartConsumer(cost, manager):
                self.cost, self.manager = cost, manager
                self.items, self.total = 0, 0.0
                self.available = ConsumerAvailable(self.ref)
                manager.tell(self.available)
            case DataItem(data):
                self.items += 1
                self.total += calculate(data, self.cost)
                self.manager.tell(self.available)
            case Exit():
                self.manager.tell(Exited(self.items, self.total))
                self.stop()


class Manager(Actor[Manage | DataItem | ProducerExit | ConsumerAvailable | Exited]):
    def receive(
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
                    self.finished.reply(self.consumed)

    def start_all(self, message: Manage) -> None:
        self.finished, self.consumed = self.defer(message), Consumed()
        self.consumers, self.room = message.consumers, message.buffer
        self.producing, self.alive = len(message.producers), len(message.consumers)
        self.buffer: deque[DataItem] = deque()
        self.idle: deque[ActorRef[ProduceData]] = deque(message.producers)
        self.waiting: deque[ActorRef[DataItem]] = deque()
        for producer in message.producers:
            producer.tell(StartProducer(message.items, message.cost, self.ref))
        for consumer in message.consumers:
            consumer.tell(StartConsumer(message.cost, self.ref))
        self.ask_producers()

    def hand(self, item: DataItem, consumer: ActorRef[DataItem]) -> None:
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
    with ActorSystem() as system, Stopwatch() as watch:
        makers = [
            system.start(ChildSpec(f"producer {number}", Producer, restart=Restart.TEMPORARY))
            for number in range(producers)
        ]
        takers = [
            system.start(ChildSpec(f"consumer {number}", Consumer, restart=Restart.TEMPORARY))
            for number in range(consumers)
        ]
        manager = system.start(ChildSpec("manager", Manager))
        consumed = manager.ask(Manage(makers, takers, buffer, items, cost), timeout=None)
    consumed.check(producers, items, cost)
    return watch.seconds
