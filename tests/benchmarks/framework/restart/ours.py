"""Crashes and restarts on rnd-actors."""

from attrs import frozen

from rnd_actors import Actor, ActorSystem, ChildSpec, Request
from tests.benchmarks.framework._silence import silence
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Crash:
    pass


@frozen
class Ping(Request[int]):
    pass


class Fragile(Actor[Crash | Ping]):
    def receive(self, message: Crash | Ping) -> None:
        match message:
            case Crash():
                raise RuntimeError("told to crash")
            case Ping():
                # With that sign of health it is restarted at once, as often as needed.
                self.mark_healthy()
                self.reply(message, self.incarnation)


def run(restarts: int = 1_000) -> float:
    """Return the seconds from the first crash to the last answer."""
    crash, ping, answers = Crash(), Ping(), []
    with silence("rnd_actors"), ActorSystem() as system:
        fragile = system.start(ChildSpec("fragile", Fragile))
        with Stopwatch() as watch:
            for _ in range(restarts):
                fragile.tell(crash)
                answers.append(fragile.ask(ping))
    assert answers == list(range(2, restarts + 2)), "not every crash led to one restart"
    return watch.seconds
