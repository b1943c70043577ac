"""Ping-pong on rnd-actors."""

from typing import Final

from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Restart
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Start:
    pings: int
    pong: "ActorRef[Ping]"


@frozen
class Ping:
    sender: "ActorRef[Start | Pong]"


@frozen
class Pong:
    pass


PONG: Final = Pong()


class Pinger(Actor[Start | Pong]):
    def receive(self, message: Start | Pong) -> None:
        match message:
            case Start(pings, pong):
                self.left, self.pong = pings, pong
                self.ping = Ping(self.ref)
                pong.tell(self.ping)
            case Pong():
                self.left -= 1
                if self.left:
                    self.pong.tell(self.ping)
                else:
                    self.stop()


class Ponger(Actor[Ping]):
    def receive(self, message: Ping) -> None:
        message.sender.tell(PONG)


def run(pings: int) -> float:
    """Return the seconds from the start of the actors to the last pong."""
    with ActorSystem() as system, Stopwatch() as watch:
        ponger = system.start(ChildSpec("ponger", Ponger))
        pinger = system.start(ChildSpec("pinger", Pinger, restart=Restart.TEMPORARY))
        pinger.tell(Start(pings, ponger))
        pinger.join()
    return watch.seconds
