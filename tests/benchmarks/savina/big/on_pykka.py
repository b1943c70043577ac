"""Big on Pykka."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pykka

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Play:
    players: list[Any]
    pings: int


@dataclass(frozen=True, slots=True)
class Start:
    number: int
    players: list[Any]
    pings: int
    sink: Any


@dataclass(frozen=True, slots=True)
class Ping:
    sender: Any


@dataclass(frozen=True, slots=True)
class Pong:
    pass


PONG: Final = Pong()


@dataclass(frozen=True, slots=True)
class Done:
    pass


DONE: Final = Done()


@dataclass(frozen=True, slots=True)
class Exit:
    pass


EXIT: Final = Exit()


@dataclass(frozen=True, slots=True)
class Exited:
    answered: int


class Player(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.answered = 0

    def on_receive(self, message: Start | Ping | Pong | Exit) -> None:
        match message:
            case Start(number, players, pings, sink):
                self.left, self.sink = pings, sink
                self.others = players[:number] + players[number + 1 :]
                self.random = Random(number)
                self.ping = Ping(self.actor_ref)
                self.ping_another()
            case Ping(sender):
                self.answered += 1
                sender.tell(PONG)
            case Pong():
                self.left -= 1
                if self.left:
                    self.ping_another()
                else:
                    self.sink.tell(DONE)
            case Exit():
                self.sink.tell(Exited(self.answered))
                self.stop()

    def ping_another(self) -> None:
        self.random.choice(self.others).tell(self.ping)


class Sink(pykka.ThreadingActor):
    def __init__(self, finished: Any) -> None:
        super().__init__()
        self.finished = finished

    def on_receive(self, message: Play | Done | Exited) -> None:
        match message:
            case Play(players, pings):
                self.players, self.answered = players, 0
                self.playing = self.alive = len(players)
                for number, player in enumerate(players):
                    player.tell(Start(number, players, pings, self.actor_ref))
            case Done():
                self.playing -= 1
                if not self.playing:
                    for player in self.players:
                        player.tell(EXIT)
            case Exited(answered):
                self.answered += answered
                self.alive -= 1
                if not self.alive:
                    self.finished.set(self.answered)


def run(actors: int, pings: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    finished = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        players = [Player.start() for _ in range(actors)]
        sink = Sink.start(finished)
        sink.tell(Play(players, pings))
        answered = finished.get()
    pykka.ActorRegistry.stop_all()
    assert answered == actors * pings, f"{answered} pings were answered, not {actors * pings}"
    return watch.seconds
