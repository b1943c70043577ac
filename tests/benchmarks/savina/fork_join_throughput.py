"""Many actors get many messages, one each per round, and calculate a little for each of them.

An actor reports its total after its last message, and a collector adds the totals up.
"""

import math
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


@frozen
class Start:
    messages: int
    collector: "ActorRef[Expect | Done]"


@frozen
class Work:
    pass


WORK: Final = Work()


@frozen
class Expect:
    reports: int


@frozen
class Done:
    total: float


def ours(messages: int, actors: int) -> float:
    from gevent.event import AsyncResult

    from rnd_actors import Actor, ActorSystem, ChildSpec

    class Worker(Actor[Start | Work]):
        def __init__(self) -> None:
            self.total = 0.0

        def receive(self, message: Start | Work) -> None:
            match message:
                case Start(messages, collector):
                    self.left, self.collector = messages, collector
                case Work():
                    self.total += math.sin(37.2) ** 2
                    self.left -= 1
                    if not self.left:
                        self.collector.tell(Done(self.total))

    class Collector(Actor[Expect | Done]):
        def __init__(self, done: "AsyncResult[float]") -> None:
            self.done = done
            self.total = 0.0

        def receive(self, message: Expect | Done) -> None:
            match message:
                case Expect(reports):
                    self.left = reports
                case Done(total):
                    self.total += total
                    self.left -= 1
                    if not self.left:
                        self.done.set(self.total)

    done: AsyncResult[float] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        collector = system.start(ChildSpec("collector", lambda: Collector(done)))
        collector.tell(Expect(actors))
        workers = [system.start(ChildSpec(f"worker-{n}", Worker)) for n in range(actors)]
        for worker in workers:
            worker.tell(Start(messages, collector))
        for _ in range(messages):
            for worker in workers:
                worker.tell(WORK)
        total = done.get()
    _check(total, messages, actors)
    return watch.seconds


def on_pykka(messages: int, actors: int) -> float:
    import pykka

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
    _check(total, messages, actors)
    return watch.seconds


def on_thespian(messages: int, actors: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    class Worker(Actor):
        def __init__(self) -> None:
            self.total = 0.0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Start(messages, collector):
                    self.left, self.collector = messages, collector
                case Work():
                    self.total += math.sin(37.2) ** 2
                    self.left -= 1
                    if not self.left:
                        self.send(self.collector, Done(self.total))

    class Collector(Actor):
        def __init__(self) -> None:
            self.total = 0.0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Expect(reports):
                    self.left, self.starter = reports, sender
                case Done(total):
                    self.total += total
                    self.left -= 1
                    if not self.left:
                        self.send(self.starter, self.total)

    with thespian_system() as system, Stopwatch() as watch:
        collector = system.createActor(Collector)
        system.tell(collector, Expect(actors))
        workers = [system.createActor(Worker) for _ in range(actors)]
        for worker in workers:
            system.tell(worker, Start(messages, collector))
        for _ in range(messages):
            for worker in workers:
                system.tell(worker, WORK)
        total = system.listen()
    _check(total, messages, actors)
    return watch.seconds


def on_xoscar(messages: int, actors: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Worker(xoscar.Actor):
        def __init__(self) -> None:
            self.total = 0.0

        async def start(self, messages: int, collector: Any) -> None:
            self.left, self.collector = messages, collector

        async def work(self) -> None:
            self.total += math.sin(37.2) ** 2
            self.left -= 1
            if not self.left:
                await self.collector.report.tell(self.total)

    class Collector(xoscar.Actor):
        def __init__(self) -> None:
            self.total = 0.0

        async def expect(self, reports: int, done: asyncio.Future[float]) -> None:
            self.left, self.done = reports, done

        async def report(self, total: float) -> None:
            self.total += total
            self.left -= 1
            if not self.left:
                self.done.set_result(self.total)

    async def play(address: str) -> float:
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            collector = await create(Collector, address=address)
            await collector.expect.tell(actors, done)
            workers = [await create(Worker, address=address) for _ in range(actors)]
            for worker in workers:
                await worker.start.tell(messages, collector)
            for _ in range(messages):
                for worker in workers:
                    await worker.work.tell()
            total = await done
        _check(total, messages, actors)
        return watch.seconds

    return run_in_pool(play)


def _check(total: float | None, messages: int, actors: int) -> None:
    expected = messages * actors * math.sin(37.2) ** 2
    assert math.isclose(total or 0, expected), f"the total is {total}, not {expected}"
