"""Actors in a process of their own: requests are lines of JSON from stdin, answers go to stdout.

It ends when stdin does: when the program that has started it closes that, or dies.
"""

from gevent import monkey

monkey.patch_all()  # before any other import

import json
import sys

from attrs import frozen
from gevent.fileobject import FileObject

from rnd_actors import Actor, ActorSystem, ChildSpec


@frozen
class Square:
    id: int
    of: int


class Squarer(Actor[Square]):
    def receive(self, message: Square) -> None:
        print(json.dumps({"id": message.id, "answer": message.of**2}), flush=True)


def main() -> None:
    with ActorSystem() as system:
        squarer = system.start(ChildSpec("squarer", Squarer, drain=True))
        for line in FileObject(sys.stdin.fileno(), "r", closefd=False):
            squarer.tell(Square(**json.loads(line)))


if __name__ == "__main__":
    main()
