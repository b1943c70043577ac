"""Starting on Pykka, whose start returns when the thread of the actor runs."""

import time

import pykka

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


class Idle(pykka.ThreadingActor):
    pass


def run(actors: int = 2_000) -> float:
    """Return the seconds from the first start to the last."""
    time.sleep(0)  # on gevent it starts the event loop, which is no part of an actor
    with Stopwatch() as watch:
        refs = [Idle.start() for _ in range(actors)]
    stops = [ref.stop(block=False) for ref in refs]
    pykka.get_all(stops)
    alive = sum(ref.is_alive() for ref in refs)
    assert not alive, f"{alive} of {actors} actors have not stopped"
    return watch.seconds
