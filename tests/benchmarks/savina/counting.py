"""A producer tells a counter to count and then asks it how far it came: the cost of a message."""

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


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


def ours(increments: int) -> float:
    from gevent.event import AsyncResult

    from rnd_actors import Actor, ActorSystem, ChildSpec

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

    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        counter = system.start(ChildSpec("counter", Counter))
        producer = system.start(ChildSpec("producer", lambda: Producer(done)))
        producer.tell(Start(increments, counter))
        count = done.get()
    _check(count, increments)
    return watch.seconds


def on_pykka(increments: int) -> float:
    import pykka

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

    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        counter = Counter.start()
        producer = Producer.start(done)
        producer.tell(Start(increments, counter))
        count = done.get()
    pykka.ActorRegistry.stop_all()
    _check(count, increments)
    return watch.seconds


def on_thespian(increments: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Retrieve:
        pass

    retrieve = Retrieve()

    class Producer(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Start(increments, counter):
                    self.starter = sender
                    for _ in range(increments):
                        self.send(counter, INCREMENT)
                    self.send(counter, retrieve)
                case Result(count):
                    self.send(self.starter, count)

    class Counter(Actor):
        def __init__(self) -> None:
            self.count = 0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Increment():
                    self.count += 1
                case Retrieve():
                    self.send(sender, Result(self.count))

    with thespian_system() as system, Stopwatch() as watch:
        counter = system.createActor(Counter)
        producer = system.createActor(Producer)
        count = system.ask(producer, Start(increments, counter))
    _check(count, increments)
    return watch.seconds


def on_xoscar(increments: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Producer(xoscar.Actor):
        async def start(self, increments: int, counter: Any, done: asyncio.Future[int]) -> None:
            self.done = done
            for _ in range(increments):
                await counter.increment.tell()
            await counter.retrieve.tell(self.ref())

        async def result(self, count: int) -> None:
            self.done.set_result(count)

    class Counter(xoscar.Actor):
        def __init__(self) -> None:
            self.count = 0

        async def increment(self) -> None:
            self.count += 1

        async def retrieve(self, sender: Any) -> None:
            await sender.result.tell(self.count)

    async def play(address: str) -> float:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            counter = await create(Counter, address=address)
            producer = await create(Producer, address=address)
            await producer.start.tell(increments, counter, done)
            count = await done
        _check(count, increments)
        return watch.seconds

    return run_in_pool(play)


def _check(count: int | None, increments: int) -> None:
    assert count == increments, f"counted {count} of {increments} increments"
