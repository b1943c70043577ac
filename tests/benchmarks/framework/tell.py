"""A sender tells one actor many small messages, as fast as it can, until the last is handled.

The actor is up before the clock starts. The messages are the numbers from 0 on.
"""

from typing import Any

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch


def ours(messages: int) -> float:
    from gevent.event import AsyncResult

    from rnd_actors import Actor, ActorSystem, ChildSpec

    class Receiver(Actor[int]):
        def __init__(self, last: int, done: "AsyncResult[int]") -> None:
            self.last, self.done = last, done
            self.handled = 0

        def receive(self, message: int) -> None:
            self.handled += 1
            if message == self.last:
                self.done.set(self.handled)

    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system:
        receiver = system.start(ChildSpec("receiver", lambda: Receiver(messages - 1, done)))
        with Stopwatch() as watch:
            for number in range(messages):
                receiver.tell(number)
            handled = done.get()
    _check(handled, messages)
    return watch.seconds


def on_pykka(messages: int) -> float:
    import pykka

    class Receiver(pykka.ThreadingActor):
        def __init__(self, last: int, done: Any) -> None:
            super().__init__()
            self.last, self.done = last, done
            self.handled = 0

        def on_receive(self, message: int) -> None:
            self.handled += 1
            if message == self.last:
                self.done.set(self.handled)

    done = pykka.ThreadingFuture()
    receiver = Receiver.start(messages - 1, done)
    with Stopwatch() as watch:
        for number in range(messages):
            receiver.tell(number)
        handled = done.get()
    pykka.ActorRegistry.stop_all()
    _check(handled, messages)
    return watch.seconds


def on_thespian(messages: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Start:
        last: int

    class Receiver(Actor):
        def __init__(self) -> None:
            self.last = self.handled = 0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            if isinstance(message, int):
                self.handled += 1
                if message == self.last:
                    self.send(sender, self.handled)
            elif isinstance(message, Start):
                self.last = message.last

    with thespian_system() as system:
        receiver = system.createActor(Receiver)
        system.tell(receiver, Start(messages - 1))
        with Stopwatch() as watch:
            for number in range(messages):
                system.tell(receiver, number)
            handled = system.listen()
    _check(handled, messages)
    return watch.seconds


def on_xoscar(messages: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Receiver(xoscar.Actor):
        def __init__(self, last: int, done: "asyncio.Future[int]") -> None:
            self.last, self.done = last, done
            self.handled = 0

        async def take(self, message: int) -> None:
            self.handled += 1
            if message == self.last:
                self.done.set_result(self.handled)

    async def play(address: str) -> float:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        receiver = await create(Receiver, messages - 1, done, address=address)
        with Stopwatch() as watch:
            for number in range(messages):
                await receiver.take.tell(number)
            handled = await done
        _check(handled, messages)
        return watch.seconds

    return run_in_pool(play)


def raw_gevent(messages: int) -> float:
    import gevent
    from gevent.queue import SimpleQueue

    def receive(inbox: "SimpleQueue[int]", last: int) -> int:
        handled = 0
        while True:
            message = inbox.get()
            handled += 1
            if message == last:
                return handled

    inbox: SimpleQueue[int] = SimpleQueue()
    receiver = gevent.spawn(receive, inbox, messages - 1)
    gevent.sleep(0)
    with Stopwatch() as watch:
        for number in range(messages):
            inbox.put(number)
        handled = receiver.get()
    _check(handled, messages)
    return watch.seconds


def raw_asyncio(messages: int) -> float:
    import asyncio

    async def receive(inbox: asyncio.Queue[int], last: int) -> int:
        handled = 0
        while True:
            message = await inbox.get()
            handled += 1
            if message == last:
                return handled

    async def play() -> float:
        inbox: asyncio.Queue[int] = asyncio.Queue()
        receiver = asyncio.create_task(receive(inbox, messages - 1))
        await asyncio.sleep(0)
        with Stopwatch() as watch:
            for number in range(messages):
                inbox.put_nowait(number)
            handled = await receiver
        _check(handled, messages)
        return watch.seconds

    return asyncio.run(play())


def _check(handled: int | None, messages: int) -> None:
    assert handled == messages, f"{handled} of {messages} messages were handled"
