"""Actors in a ring pass one token on: the cost of a message when only one actor has work."""

from typing import TYPE_CHECKING, Any

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


@frozen
class Start:
    position: int
    next: "ActorRef[Start | Token]"


@frozen
class Token:
    hops_left: int


def ours(actors: int, hops: int) -> float:
    from gevent.event import AsyncResult

    from rnd_actors import Actor, ActorSystem, ChildSpec

    class Node(Actor[Start | Token]):
        def __init__(self, done: "AsyncResult[int]") -> None:
            self.done = done

        def receive(self, message: Start | Token) -> None:
            match message:
                case Start(position, next_node):
                    self.position, self.next = position, next_node
                case Token(hops_left) if hops_left:
                    self.next.tell(Token(hops_left - 1))
                case Token():
                    self.done.set(self.position)

    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        nodes = [system.start(ChildSpec(f"node-{n}", lambda: Node(done))) for n in range(actors)]
        for position, node in enumerate(nodes):
            node.tell(Start(position, nodes[(position + 1) % actors]))
        nodes[0].tell(Token(hops))
        last = done.get()
    _check(last, actors, hops)
    return watch.seconds


def on_pykka(actors: int, hops: int) -> float:
    import pykka

    class Node(pykka.ThreadingActor):
        def __init__(self, done: Any) -> None:
            super().__init__()
            self.done = done

        def on_receive(self, message: Start | Token) -> None:
            match message:
                case Start(position, next_node):
                    self.position, self.next = position, next_node
                case Token(hops_left) if hops_left:
                    self.next.tell(Token(hops_left - 1))
                case Token():
                    self.done.set(self.position)

    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        nodes = [Node.start(done) for _ in range(actors)]
        for position, node in enumerate(nodes):
            node.tell(Start(position, nodes[(position + 1) % actors]))
        nodes[0].tell(Token(hops))
        last = done.get()
    pykka.ActorRegistry.stop_all()
    _check(last, actors, hops)
    return watch.seconds


def on_thespian(actors: int, hops: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    class Node(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Start(position, next_node):
                    self.position, self.next, self.starter = position, next_node, sender
                case Token(hops_left) if hops_left:
                    self.send(self.next, Token(hops_left - 1))
                case Token():
                    self.send(self.starter, self.position)

    with thespian_system() as system, Stopwatch() as watch:
        nodes = [system.createActor(Node) for _ in range(actors)]
        for position, node in enumerate(nodes):
            system.tell(node, Start(position, nodes[(position + 1) % actors]))
        last = system.ask(nodes[0], Token(hops))
    _check(last, actors, hops)
    return watch.seconds


def on_xoscar(actors: int, hops: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Node(xoscar.Actor):
        async def start(self, position: int, next_node: Any, done: asyncio.Future[int]) -> None:
            self.position, self.next, self.done = position, next_node, done

        async def token(self, hops_left: int) -> None:
            if hops_left:
                await self.next.token.tell(hops_left - 1)
            else:
                self.done.set_result(self.position)

    async def play(address: str) -> float:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            nodes = [await create(Node, address=address) for _ in range(actors)]
            for position, node in enumerate(nodes):
                await node.start.tell(position, nodes[(position + 1) % actors], done)
            await nodes[0].token.tell(hops)
            last = await done
        _check(last, actors, hops)
        return watch.seconds

    return run_in_pool(play)


def _check(last: int | None, actors: int, hops: int) -> None:
    assert last == hops % actors, f"{hops} hops of {actors} actors ended at {last}"
