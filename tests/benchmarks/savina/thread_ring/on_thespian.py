"""Thread ring on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    position: int
    next: Any


@dataclass(frozen=True, slots=True)
class Token:
    hops_left: int


class Node(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(position, next_node):
                self.position, self.next, self.starter = position, next_node, sender
            case Token(hops_left) if hops_left:
                self.send(self.next, Token(hops_left - 1))
            case Token():
                self.send(self.starter, self.position)


def run(actors: int, hops: int) -> float:
    """Return the seconds from the start of the actors to the last hop."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            nodes = [system.createActor(Node) for _ in range(actors)]
            for position, node in enumerate(nodes):
                system.tell(node, Start(position, nodes[(position + 1) % actors]))
            last = system.ask(nodes[0], Token(hops))
    finally:
        system.shutdown()
    assert last == hops % actors, f"{hops} hops of {actors} actors ended at {last}"
    return watch.seconds
