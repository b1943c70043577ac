"""Big on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from thespian.actors import Actor, ActorExitRequest, ActorSystem

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


@dataclass(frozen=True, slots=True)
class Ping:
    pass


PING: Final = Ping()


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


class Player(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.answered = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(number, players, pings):
                self.left, self.sink = pings, sender
                self.others = players[:number] + players[number + 1 :]
                self.random = Random(number)
                self.ping = PING
                self.ping_another()
            case Ping():
                self.answered += 1
                self.send(sender, PONG)
            case Pong():
                self.left -= 1
                if self.left:
                    self.ping_another()
                else:
                    self.send(self.sink, DONE)
            case Exit():
                self.send(self.sink, Exited(self.answered))
                self.send(self.myAddress, ActorExitRequest())

    def ping_another(self) -> None:
        self.send(self.random.choice(self.others), self.ping)


class Sink(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Play(players, pings):
                self.starter, self.players, self.answered = sender, players, 0
                self.playing = self.alive = len(players)
                for number, player in enumerate(players):
                    self.send(player, Start(number, players, pings))
            case Done():
                self.playing -= 1
                if not self.playing:
                    for player in self.players:
                        self.send(player, EXIT)
            case Exited(answered):
                self.answered += answered
                self.alive -= 1
                if not self.alive:
                    self.send(self.starter, self.answered)


def run(actors: int, pings: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            players = [system.createActor(Player) for _ in range(actors)]
            sink = system.createActor(Sink)
            answered = system.ask(sink, Play(players, pings))
    finally:
        system.shutdown()
    assert answered == actors * pings, f"{answered} pings were answered, not {actors * pings}"
    return watch.seconds
