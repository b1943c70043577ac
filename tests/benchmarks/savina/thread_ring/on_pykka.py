"""Thread ring on Pykka."""

from dataclasses import dataclass
from typing import Any

import pykka

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    position: int
    next: Any


@dataclass(frozen=True, slots=True)
class Token:
    hops_left: int


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


def run(actors: int, hops: int) -> float:
    """Return the seconds from the start of the actors to the last hop."""
    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        nodes = [Node.start(done) for _ in range(actors)]
        for position, node in enumerate(nodes):
            node.tell(Start(position, nodes[(position + 1) % actors]))
        nodes[0].tell(Token(hops))
        last = done.get()
    pykka.ActorRegistry.stop_all()
    assert last == hops % actors, f"{hops} hops of {actors} actors ended at {last}"
    return watch.seconds
