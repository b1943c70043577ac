"""Starting on Thespian, on its base that runs all actors in the calling thread."""

from typing import Any

from thespian.actors import Actor, ActorExitRequest, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


class Idle(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, str):
            self.send(sender, message)


def run(actors: int = 2_000) -> float:
    """Return the seconds from the first start to the last."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            refs = [system.createActor(Idle) for _ in range(actors)]
        for ref in refs:
            # On this base it returns when the actor has stopped.
            system.tell(ref, ActorExitRequest())
        alive = sum(system.ask(ref, "echo") == "echo" for ref in refs)
    finally:
        system.shutdown()
    assert not alive, f"{alive} of {actors} actors have not stopped"
    return watch.seconds
