"""Ping-pong on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    pings: int
    pong: Any


@dataclass(frozen=True, slots=True)
class Ping:
    pass


PING: Final = Ping()


@dataclass(frozen=True, slots=True)
class Pong:
    pass


PONG: Final = Pong()


class Pinger(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(pings, pong):
                self.left, self.pong, self.starter = pings, pong, sender
                self.ping = PING
                self.send(pong, self.ping)
            case Pong():
                self.left -= 1
                if self.left:
                    self.send(self.pong, self.ping)
                else:
                    self.send(self.starter, "done")


class Ponger(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, Ping):
            self.send(sender, PONG)


def run(pings: int) -> float:
    """Return the seconds from the start of the actors to the last pong."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            ponger = system.createActor(Ponger)
            pinger = system.createActor(Pinger)
            system.ask(pinger, Start(pings, ponger))
    finally:
        system.shutdown()
    return watch.seconds
