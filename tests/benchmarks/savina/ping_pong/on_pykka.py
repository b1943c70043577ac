"""Ping-pong on Pykka."""

import threading
from dataclasses import dataclass
from typing import Any, Final

import pykka

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Start:
    pings: int
    pong: Any


@dataclass(frozen=True, slots=True)
class Ping:
    sender: Any


@dataclass(frozen=True, slots=True)
class Pong:
    pass


PONG: Final = Pong()


class Pinger(pykka.ThreadingActor):
    def __init__(self, done: threading.Event) -> None:
        super().__init__()
        self.done = done

    def on_receive(self, message: Start | Pong) -> None:
        match message:
            case Start(pings, pong):
                self.left, self.pong = pings, pong
                self.ping = Ping(self.actor_ref)
                pong.tell(self.ping)
            case Pong():
                self.left -= 1
                if self.left:
                    self.pong.tell(self.ping)
                else:
                    self.done.set()


class Ponger(pykka.ThreadingActor):
    def on_receive(self, message: Ping) -> None:
        message.sender.tell(PONG)


def run(pings: int) -> float:
    """Return the seconds from the start of the actors to the last pong."""
    done = threading.Event()
    with Stopwatch() as watch:
        ponger = Ponger.start()
        pinger = Pinger.start(done)
        pinger.tell(Start(pings, ponger))
        done.wait()
    pykka.ActorRegistry.stop_all()
    return watch.seconds
