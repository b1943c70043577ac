"""Many actors are created, get one message each, report to a collector and stop themselves.

The cost of an actor: to start it, to send it a message, to stop it.
"""

import math
from typing import TYPE_CHECKING, Any

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


@frozen
class Work:
    collector: "ActorRef[Expect | Done]"


@frozen
class Expect:
    reports: int


@frozen
class Done:
    result: float


def ours(actors: int) -> float:
    from gevent.event import AsyncResult

    from rnd_actors import Actor, ActorSystem, ChildSpec, Restart

    class Worker(Actor[Work]):
        def receive(self, message: Work) -> None:
            message.collector.tell(Done(math.sin(37.2) ** 2))
            self.stop()

    class Collector(Actor[Expect | Done]):
        def __init__(self, done: "AsyncResult[float]") -> None:
            self.done = done
            self.total = 0.0

        def receive(self, message: Expect | Done) -> None:
            match message:
                case Expect(reports):
                    self.left = reports
                case Done(result):
                    self.total += result
                    self.left -= 1
                    if not self.left:
                        self.done.set(self.total)

    done: AsyncResult[float] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        collector = system.start(ChildSpec("collector", lambda: Collector(done)))
        collector.tell(Expect(actors))
        workers: list[ActorRef[Work]] = []
        for n in range(actors):
            spec = ChildSpec(f"worker-{n}", Worker, restart=Restart.TEMPORARY)
            worker = system.start(spec)
            worker.tell(Work(collector))
            workers.append(worker)
        total = done.get()
        for worker in workers:
            worker.join()
    _check(total, actors)
    return watch.seconds


def on_pykka(actors: int) -> float:
    import pykka

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
    _check(total, actors)
    return watch.seconds


def on_thespian(actors: int) -> float:
    from thespian.actors import Actor, ActorExitRequest

    from tests.benchmarks.thespian_system import thespian_system

    class Worker(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            if isinstance(message, Work):
                self.send(message.collector, Done(math.sin(37.2) ** 2))
                self.send(self.myAddress, ActorExitRequest())

    class Collector(Actor):
        def __init__(self) -> None:
            self.total = 0.0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Expect(reports):
                    self.left, self.starter = reports, sender
                case Done(result):
                    self.total += result
                    self.left -= 1
                    if not self.left:
                        self.send(self.starter, self.total)

    with thespian_system() as system, Stopwatch() as watch:
        collector = system.createActor(Collector)
        system.tell(collector, Expect(actors))
        for _ in range(actors):
            worker = system.createActor(Worker)
            # On this base it returns when nothing is left to do: the worker has stopped then.
            system.tell(worker, Work(collector))
        total = system.listen()
    _check(total, actors)
    return watch.seconds


def on_xoscar(actors: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Worker(xoscar.Actor):
        async def work(self, collector: Any) -> None:
            await collector.report.tell(math.sin(37.2) ** 2)
            await xoscar.destroy_actor(self.ref())

    class Collector(xoscar.Actor):
        def __init__(self) -> None:
            self.total = 0.0

        async def expect(self, reports: int, done: asyncio.Future[float]) -> None:
            self.left, self.done = reports, done

        async def report(self, result: float) -> None:
            self.total += result
            self.left -= 1
            if not self.left:
                self.done.set_result(self.total)

    async def play(address: str) -> float:
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            collector = await create(Collector, address=address)
            await collector.expect.tell(actors, done)
            workers = []
            for _ in range(actors):
                worker = await create(Worker, address=address)
                await worker.work.tell(collector)
                workers.append(worker)
            total = await done
        # Not timed, as each question is a round trip: only the last workers can still be stopping.
        async with asyncio.timeout(10):
            for worker in workers:
                while await xoscar.has_actor(worker):
                    await asyncio.sleep(0)
        _check(total, actors)
        return watch.seconds

    return run_in_pool(play)


def _check(total: float | None, actors: int) -> None:
    expected = actors * math.sin(37.2) ** 2
    assert math.isclose(total or 0, expected), f"the total is {total}, not {expected}"
