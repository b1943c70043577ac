"""Starting and stopping on rnd-actors."""

from typing import Any

from rnd_actors import Actor, ActorSystem, ChildSpec, Restart
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


class Idle(Actor[Any]):
    pass


def run(actors: int = 2_000) -> float:
    """Return the seconds from the first start to the last end."""
    with ActorSystem() as system:
        with Stopwatch() as watch:
            refs = [
                system.start(ChildSpec(f"idle-{n}", Idle, restart=Restart.TEMPORARY))
                for n in range(actors)
            ]
            for ref in refs:
                ref.stop()
            for ref in refs:
                ref.join()
        alive = sum(ref.is_alive for ref in refs)
    assert not alive, f"{alive} of {actors} actors have not stopped"
    return watch.seconds
