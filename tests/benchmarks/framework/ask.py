"""The main program asks an actor and waits for its answer, again and again: a round trip.

With a `window` it asks so many times before it waits for all of these answers together. The actor
is up before the clock starts. It answers with the number of requests up to then.
"""

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch


def ours(requests: int, window: int | None = None) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Request, gather

    @frozen
    class Count(Request[int]):
        pass

    class Counter(Actor[Count]):
        def __init__(self) -> None:
            self.count = 0

        def receive(self, message: Count) -> None:
            self.count += 1
            self.reply(message, self.count)

    count, total = Count(), 0
    with ActorSystem() as system:
        counter = system.start(ChildSpec("counter", Counter))
        with Stopwatch() as watch:
            if window is None:
                for _ in range(requests):
                    total += counter.ask(count)
            else:
                for size in _windows(requests, window):
                    total += sum(gather([counter.ask_future(count) for _ in range(size)]))
    _check(total, requests)
    return watch.seconds


def on_pykka(requests: int, window: int | None = None) -> float:
    import pykka

    @frozen
    class Count:
        pass

    class Counter(pykka.ThreadingActor):
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def on_receive(self, message: Count) -> int:
            self.count += 1
            return self.count

    count, total = Count(), 0
    counter = Counter.start()
    with Stopwatch() as watch:
        if window is None:
            for _ in range(requests):
                total += counter.ask(count)
        else:
            for size in _windows(requests, window):
                futures = [counter.ask(count, block=False) for _ in range(size)]
                total += sum(pykka.get_all(futures))
    pykka.ActorRegistry.stop_all()
    _check(total, requests)
    return watch.seconds


def on_thespian(requests: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Count:
        pass

    class Counter(Actor):
        def __init__(self) -> None:
            self.count = 0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            if isinstance(message, Count):
                self.count += 1
                self.send(sender, self.count)

    count, total = Count(), 0
    with thespian_system() as system:
        counter = system.createActor(Counter)
        with Stopwatch() as watch:
            for _ in range(requests):
                total += system.ask(counter, count)
    _check(total, requests)
    return watch.seconds


def on_xoscar(requests: int, window: int | None = None) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Counter(xoscar.Actor):
        def __init__(self) -> None:
            self.total = 0

        async def count(self) -> int:
            self.total += 1
            return self.total

    async def play(address: str) -> float:
        total = 0
        counter = await create(Counter, address=address)
        with Stopwatch() as watch:
            if window is None:
                for _ in range(requests):
                    total += await counter.count()
            else:
                for size in _windows(requests, window):
                    total += sum(await asyncio.gather(*(counter.count() for _ in range(size))))
        _check(total, requests)
        return watch.seconds

    return run_in_pool(play)


def raw_gevent(requests: int, window: int | None = None) -> float:
    """By two queues, for requests and for answers."""
    import gevent
    from gevent.queue import SimpleQueue

    def answer(requests: "SimpleQueue[str]", answers: "SimpleQueue[int]") -> None:
        count = 0
        while requests.get() == "count":
            count += 1
            answers.put(count)

    inbox: SimpleQueue[str] = SimpleQueue()
    answers: SimpleQueue[int] = SimpleQueue()
    counter, total = gevent.spawn(answer, inbox, answers), 0
    gevent.sleep(0)
    with Stopwatch() as watch:
        if window is None:
            for _ in range(requests):
                inbox.put("count")
                total += answers.get()
        else:
            for size in _windows(requests, window):
                for _ in range(size):
                    inbox.put("count")
                for _ in range(size):
                    total += answers.get()
    inbox.put("stop")
    counter.join()
    _check(total, requests)
    return watch.seconds


def raw_greenlets(requests: int) -> float:
    """By switching to and fro, without a hub."""
    from greenlet import getcurrent, greenlet

    def answer(message: str) -> None:
        asker = getcurrent().parent
        assert asker is not None
        count = 0
        while message == "count":
            count += 1
            message = asker.switch(count)

    counter, total = greenlet(answer), 0
    with Stopwatch() as watch:
        for _ in range(requests):
            total += counter.switch("count")
    counter.switch("stop")
    assert counter.dead, "the greenlet has not ended"
    _check(total, requests)
    return watch.seconds


def raw_asyncio(requests: int, window: int | None = None) -> float:
    """By two queues, for requests and for answers."""
    import asyncio

    async def answer(requests: asyncio.Queue[str], answers: asyncio.Queue[int]) -> None:
        count = 0
        while await requests.get() == "count":
            count += 1
            answers.put_nowait(count)

    async def play() -> float:
        inbox: asyncio.Queue[str] = asyncio.Queue()
        answers: asyncio.Queue[int] = asyncio.Queue()
        counter, total = asyncio.create_task(answer(inbox, answers)), 0
        await asyncio.sleep(0)
        with Stopwatch() as watch:
            if window is None:
                for _ in range(requests):
                    inbox.put_nowait("count")
                    total += await answers.get()
            else:
                for size in _windows(requests, window):
                    for _ in range(size):
                        inbox.put_nowait("count")
                    for _ in range(size):
                        total += await answers.get()
        inbox.put_nowait("stop")
        await counter
        _check(total, requests)
        return watch.seconds

    return asyncio.run(play())


def _windows(requests: int, window: int) -> Iterator[int]:
    """Yield how many requests are made at once, until there were enough."""
    for first in range(0, requests, window):
        yield min(window, requests - first)


def _check(total: int, requests: int) -> None:
    expected = requests * (requests + 1) // 2
    assert total == expected, f"the answers add up to {total}, not {expected}"
