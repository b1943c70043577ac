"""A manager asks producers for items and hands them to consumers: the cost of a go-between.

The manager asks as long as its buffer has room for all items that are in it or being made. A
producer that is asked once more than it makes items exits. When all have, and all consumers wait,
the manager ends the consumers, and each says what it has consumed.
"""

from collections import deque
from math import isclose
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef

SEED = 0.5
"""What each producer begins its calculation with."""


@frozen
class Manage:
    producers: list[Any]
    consumers: list[Any]
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


def ours(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Request, Restart

    @frozen
    class Manage(Request[Consumed]):
        producers: "list[ActorRef[StartProducer | ProduceData]]"
        consumers: "list[ActorRef[StartConsumer | DataItem | Exit]]"
        buffer: int
        items: int
        cost: int

    class Producer(Actor[StartProducer | ProduceData]):
        def receive(self, message: StartProducer | ProduceData) -> None:
            match message:
                case StartProducer(items, cost, manager):
                    self.left, self.cost, self.manager = items, cost, manager
                    self.data = SEED
                case ProduceData() if self.left:
                    self.left -= 1
                    self.data = _calculate(self.data, self.cost)
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
                    self.total += _calculate(data, self.cost)
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

        def hand(self, item: DataItem, consumer: "ActorRef[DataItem]") -> None:
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


def on_pykka(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    import pykka

    class Producer(pykka.ThreadingActor):
        def on_receive(self, message: StartProducer | ProduceData) -> None:
            match message:
                case StartProducer(items, cost, manager):
                    self.left, self.cost, self.manager = items, cost, manager
                    self.data = SEED
                case ProduceData() if self.left:
                    self.left -= 1
                    self.data = _calculate(self.data, self.cost)
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
                    self.total += _calculate(data, self.cost)
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


def on_thespian(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    from thespian.actors import Actor, ActorExitRequest

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class StartProducer:
        items: int
        cost: int

    @frozen
    class StartConsumer:
        cost: int

    @frozen
    class DataItem:
        data: float

    @frozen
    class ConsumerAvailable:
        pass

    consumer_available = ConsumerAvailable()

    class Producer(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case StartProducer(items, cost):
                    self.left, self.cost, self.manager = items, cost, sender
                    self.data = SEED
                case ProduceData() if self.left:
                    self.left -= 1
                    self.data = _calculate(self.data, self.cost)
                    self.send(self.manager, DataItem(self.data))
                case ProduceData():
                    self.send(self.manager, PRODUCER_EXIT)
                    self.send(self.myAddress, ActorExitRequest())

    class Consumer(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case StartConsumer(cost):
                    self.cost, self.manager = cost, sender
                    self.items, self.total = 0, 0.0
                    self.available = consumer_available
                    self.send(sender, self.available)
                case DataItem(data):
                    self.items += 1
                    self.total += _calculate(data, self.cost)
                    self.send(self.manager, self.available)
                case Exit():
                    self.send(self.manager, Exited(self.items, self.total))
                    self.send(self.myAddress, ActorExitRequest())

    class Manager(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
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

    with thespian_system() as system, Stopwatch() as watch:
        makers = [system.createActor(Producer) for _ in range(producers)]
        takers = [system.createActor(Consumer) for _ in range(consumers)]
        manager = system.createActor(Manager)
        consumed = system.ask(manager, Manage(makers, takers, buffer, items, cost))
    consumed.check(producers, items, cost)
    return watch.seconds


def on_xoscar(buffer: int, producers: int, consumers: int, items: int, cost: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Producer(xoscar.Actor):
        async def start(self, items: int, cost: int, manager: Any) -> None:
            self.left, self.cost, self.manager = items, cost, manager
            self.data, self.me = SEED, self.ref()

        async def produce(self) -> None:
            if self.left:
                self.left -= 1
                self.data = _calculate(self.data, self.cost)
                await self.manager.data_item.tell(self.data, self.me)
            else:
                await self.manager.producer_exit.tell()
                await xoscar.destroy_actor(self.me)

    class Consumer(xoscar.Actor):
        async def start(self, cost: int, manager: Any) -> None:
            self.cost, self.manager = cost, manager
            self.items, self.total = 0, 0.0
            self.me = self.ref()
            await manager.consumer_available.tell(self.me)

        async def consume(self, data: float) -> None:
            self.items += 1
            self.total += _calculate(data, self.cost)
            await self.manager.consumer_available.tell(self.me)

        async def exit(self) -> None:
            await self.manager.exited.tell(self.items, self.total)
            await xoscar.destroy_actor(self.me)

    class Manager(xoscar.Actor):
        def __init__(self, finished: asyncio.Future[Consumed]) -> None:
            super().__init__()
            self.finished, self.consumed = finished, Consumed()

        async def manage(
            self, producers: list[Any], consumers: list[Any], buffer: int, items: int, cost: int
        ) -> None:
            self.consumers, self.room = consumers, buffer
            self.producing, self.alive = len(producers), len(consumers)
            self.buffer: deque[float] = deque()
            self.idle = deque(producers)
            self.waiting: deque[Any] = deque()
            me = self.ref()
            for producer in producers:
                await producer.start.tell(items, cost, me)
            for consumer in consumers:
                await consumer.start.tell(cost, me)
            await self.ask_producers()

        async def data_item(self, data: float, producer: Any) -> None:
            self.idle.append(producer)
            if self.waiting:
                await self.hand(data, self.waiting.popleft())
            else:
                self.buffer.append(data)
                await self.ask_producers()

        async def producer_exit(self) -> None:
            self.room += 1
            self.producing -= 1
            await self.ask_producers()
            await self.end_if_done()

        async def consumer_available(self, consumer: Any) -> None:
            if self.buffer:
                await self.hand(self.buffer.popleft(), consumer)
            else:
                self.waiting.append(consumer)
                await self.end_if_done()

        async def exited(self, items: int, total: float) -> None:
            self.consumed.add(items, total)
            self.alive -= 1
            if not self.alive:
                self.finished.set_result(self.consumed)

        async def hand(self, data: float, consumer: Any) -> None:
            await consumer.consume.tell(data)
            self.room += 1
            await self.ask_producers()

        async def ask_producers(self) -> None:
            while self.room and self.idle:
                self.room -= 1
                await self.idle.popleft().produce.tell()

        async def end_if_done(self) -> None:
            if not self.producing and len(self.waiting) == len(self.consumers):
                for consumer in self.consumers:
                    await consumer.exit.tell()

    async def play(address: str) -> float:
        finished: asyncio.Future[Consumed] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            makers = [await create(Producer, address=address) for _ in range(producers)]
            takers = [await create(Consumer, address=address) for _ in range(consumers)]
            manager = await create(Manager, finished, address=address)
            await manager.manage.tell(makers, takers, buffer, items, cost)
            consumed = await finished
        consumed.check(producers, items, cost)
        return watch.seconds

    return run_in_pool(play)


def _calculate(start: float, cost: int) -> float:
    """Return what comes of `start`, between 0 and 1, after `cost` steps of a calculation."""
    for _ in range(cost):
        start = 3.9 * start * (1.0 - start)
    return start


class Consumed:
    """How many items were consumed, and the sum of what was calculated of them."""

    def __init__(self) -> None:
        self.items = 0
        self.total = 0.0

    def add(self, items: int, total: float) -> None:
        """Add what a consumer has consumed."""
        self.items += items
        self.total += total

    def check(self, producers: int, items: int, cost: int) -> None:
        """Raise an AssertionError if that is not what the producers have made."""
        expected, item = 0.0, SEED
        for _ in range(items):
            item = _calculate(item, cost)
            expected += producers * _calculate(item, cost)
        made = producers * items
        assert self.items == made, f"{self.items} items were consumed, not {made}"
        assert isclose(self.total, expected), f"their sum is {self.total}, not {expected}"
