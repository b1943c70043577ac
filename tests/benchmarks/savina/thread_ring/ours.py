"""Thread ring on rnd-actors."""

from attrs import frozen
from gevent.event import AsyncResult

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Start:
    position: int
    next: "ActorRef[Start | Token]"


@frozen
class Token:
    hops_left: int


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


def run(actors: int, hops: int) -> float:
    """Return the seconds from the start of the actors to the last hop."""
    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        nodes = [system.start(ChildSpec(f"node-{n}", lambda: Node(done))) for n in range(actors)]
        for position, node in enumerate(nodes):
            node.tell(Start(position, nodes[(position + 1) % actors]))
        nodes[0].tell(Token(hops))
        last = done.get()
    assert last == hops % actors, f"{hops} hops of {actors} actors ended at {last}"
    return watch.seconds
