"""Actors are started one after the other, each ready for messages before the next: the start.

They are stopped when the clock has stopped. With `stop` the clock goes on until then: first all are
told to stop, then the end of each is waited for.
"""

from typing import Any

from tests.benchmarks.stopwatch import Stopwatch


def ours(actors: int, *, stop: bool = False) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Restart

    class Idle(Actor[Any]):
        pass

    with ActorSystem() as system:
        with Stopwatch() as watch:
            refs = [
                system.start(ChildSpec(f"idle-{n}", Idle, restart=Restart.TEMPORARY))
                for n in range(actors)
            ]
            started = watch.seconds
            for ref in refs:
                ref.stop()
            for ref in refs:
                ref.join()
        _check(sum(ref.is_alive for ref in refs), actors)
    return watch.seconds if stop else started


def on_pykka(actors: int, *, stop: bool = False) -> float:
    """Pykka's start returns when the thread of the actor runs."""
    import time

    import pykka

    class Idle(pykka.ThreadingActor):
        pass

    time.sleep(0)  # on gevent it starts the event loop, which is no part of an actor
    with Stopwatch() as watch:
        refs = [Idle.start() for _ in range(actors)]
        started = watch.seconds
        pykka.get_all([ref.stop(block=False) for ref in refs])
    _check(sum(ref.is_alive() for ref in refs), actors)
    return watch.seconds if stop else started


def on_thespian(actors: int, *, stop: bool = False) -> float:
    from thespian.actors import Actor, ActorExitRequest

    from tests.benchmarks.thespian_system import thespian_system

    class Idle(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            if isinstance(message, str):
                self.send(sender, message)

    with thespian_system() as system:
        with Stopwatch() as watch:
            refs = [system.createActor(Idle) for _ in range(actors)]
            started = watch.seconds
            for ref in refs:
                system.tell(ref, ActorExitRequest())
        _check(sum(system.ask(ref, "echo") == "echo" for ref in refs), actors)
    return watch.seconds if stop else started


def on_xoscar(actors: int, *, stop: bool = False) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import run_in_pool

    class Idle(xoscar.Actor):
        pass

    async def play(address: str) -> float:
        with Stopwatch() as watch:
            refs = [await xoscar.create_actor(Idle, address=address) for _ in range(actors)]
            started = watch.seconds
            await asyncio.gather(*(xoscar.destroy_actor(ref) for ref in refs))
        _check(sum([await xoscar.has_actor(ref) for ref in refs]), actors)
        return watch.seconds if stop else started

    return run_in_pool(play)


def raw_gevent(actors: int, *, stop: bool = False) -> float:
    """A greenlet waits for its own queue."""
    import gevent
    from gevent.queue import SimpleQueue

    def wait(inbox: "SimpleQueue[str]") -> None:
        while inbox.get() != "stop":
            pass

    inboxes: list[SimpleQueue[str]] = []
    greenlets = []
    gevent.get_hub()  # the start of the event loop is no part of a greenlet
    with Stopwatch() as watch:
        for _ in range(actors):
            inbox: SimpleQueue[str] = SimpleQueue()
            inboxes.append(inbox)
            greenlets.append(gevent.spawn(wait, inbox))
            gevent.sleep(0)
        started = watch.seconds
        for inbox in inboxes:
            inbox.put("stop")
        gevent.joinall(greenlets)
    _check(sum(not greenlet.successful() for greenlet in greenlets), actors)
    return watch.seconds if stop else started


def raw_asyncio(actors: int, *, stop: bool = False) -> float:
    """A task waits for its own queue."""
    import asyncio

    async def wait(inbox: asyncio.Queue[str]) -> None:
        while await inbox.get() != "stop":
            pass

    async def play() -> float:
        inboxes: list[asyncio.Queue[str]] = []
        tasks = []
        with Stopwatch() as watch:
            for _ in range(actors):
                inbox: asyncio.Queue[str] = asyncio.Queue()
                inboxes.append(inbox)
                tasks.append(asyncio.create_task(wait(inbox)))
                await asyncio.sleep(0)
            started = watch.seconds
            for inbox in inboxes:
                inbox.put_nowait("stop")
            await asyncio.gather(*tasks)
        _check(sum(not task.done() for task in tasks), actors)
        return watch.seconds if stop else started

    return asyncio.run(play())


def _check(alive: int, actors: int) -> None:
    assert not alive, f"{alive} of {actors} actors have not stopped"
