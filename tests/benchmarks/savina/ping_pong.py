"""Two actors send one message to and fro: the cost of a message to an actor that waits."""

import threading
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


@frozen
class Start:
    pings: int
    pong: "ActorRef[Ping]"


@frozen
class Ping:
    sender: "ActorRef[Start | Pong]"


@frozen
class Pong:
    pass


PONG: Final = Pong()


def ours(pings: int) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Restart

    class Pinger(Actor[Start | Pong]):
        def receive(self, message: Start | Pong) -> None:
            match message:
                case Start(pings, pong):
                    self.left, self.pong = pings, pong
                    self.ping = Ping(self.ref)
                    pong.tell(self.ping)
                case Pong():
                    self.left -= 1
                    if self.left:
                        self.pong.tell(self.ping)
                    else:
                        self.stop()

    class Ponger(Actor[Ping]):
        def receive(self, message: Ping) -> None:
            message.sender.tell(PONG)

    with ActorSystem() as system, Stopwatch() as watch:
        ponger = system.start(ChildSpec("ponger", Ponger))
        pinger = system.start(ChildSpec("pinger", Pinger, restart=Restart.TEMPORARY))
        pinger.tell(Start(pings, ponger))
        pinger.join()
    return watch.seconds


def on_pykka(pings: int) -> float:
    import pykka

    class Pinger(pykka.ThreadingActor):
        def __init__(self, done: threading.Event) -> None:
            super().__init__()
            self.done = done

        def on_receive(self, message: Start | Pong) -> None:
            match message:
                case Start(pings, pong):
                    self.left, self.pong = pings, pong
                    self.ping = Ping(self.actor_ref)
                    pong.tell(self.ping)
                case Pong():
                    self.left -= 1
                    if self.left:
                        self.pong.tell(self.ping)
                    else:
                        self.done.set()

    class Ponger(pykka.ThreadingActor):
        def on_receive(self, message: Ping) -> None:
            message.sender.tell(PONG)

    done = threading.Event()
    with Stopwatch() as watch:
        ponger = Ponger.start()
        pinger = Pinger.start(done)
        pinger.tell(Start(pings, ponger))
        done.wait()
    pykka.ActorRegistry.stop_all()
    return watch.seconds


def on_thespian(pings: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Ping:
        pass

    ping = Ping()

    class Pinger(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Start(pings, pong):
                    self.left, self.pong, self.starter = pings, pong, sender
                    self.ping = ping
                    self.send(pong, self.ping)
                case Pong():
                    self.left -= 1
                    if self.left:
                        self.send(self.pong, self.ping)
                    else:
                        self.send(self.starter, "done")

    class Ponger(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            if isinstance(message, Ping):
                self.send(sender, PONG)

    with thespian_system() as system, Stopwatch() as watch:
        ponger = system.createActor(Ponger)
        pinger = system.createActor(Pinger)
        system.ask(pinger, Start(pings, ponger))
    return watch.seconds


def on_xoscar(pings: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Pinger(xoscar.Actor):
        async def start(self, pings: int, pong: Any, done: asyncio.Event) -> None:
            self.left, self.pong_ref, self.done = pings, pong, done
            self.me = self.ref()
            await pong.ping.tell(self.me)

        async def pong(self) -> None:
            self.left -= 1
            if self.left:
                await self.pong_ref.ping.tell(self.me)
            else:
                self.done.set()

    class Ponger(xoscar.Actor):
        async def ping(self, sender: Any) -> None:
            await sender.pong.tell()

    async def play(address: str) -> float:
        done = asyncio.Event()
        with Stopwatch() as watch:
            ponger = await create(Ponger, address=address)
            pinger = await create(Pinger, address=address)
            await pinger.start.tell(pings, ponger, done)
            await done.wait()
        return watch.seconds

    return run_in_pool(play)
