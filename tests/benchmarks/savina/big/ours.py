"""Big on rnd-actors."""

from random import Random
from typing import Final

from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Request, Restart
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Play(Request[int]):
    players: "list[ActorRef[Start | Ping | Pong | Exit]]"
    pings: int


@frozen
class Start:
    number: int
    players: "list[ActorRef[Start | Ping | Pong | Exit]]"
    pings: int
    sink: "ActorRef[Play | Done | Exited]"


@frozen
class Ping:
    sender: "ActorRef[Start | Ping | Pong | Exit]"


@frozen
class Pong:
    pass


PONG: Final = Pong()


@frozen
class Done:
    pass


DONE: Final = Done()


@frozen
class Exit:
    pass


EXIT: Final = Exit()


@frozen
class Exited:
    answered: int


class Player(Actor[Start | Ping | Pong | Exit]):
    def __init__(self) -> None:
        self.answered = 0

    def receive(self, message: Start | Ping | Pong | Exit) -> None:
        match message:
            case Start(number, players, pings, sink):
                self.left, self.sink = pings, sink
                self.others = players[:number] + players[number + 1 :]
                self.random = Random(number)
                self.ping = Ping(self.ref)
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


class Sink(Actor[Play | Done | Exited]):
    def receive(self, message: Play | Done | Exited) -> None:
        match message:
            case Play(players, pings):
                self.finished = self.defer(message)
                self.players, self.answered = players, 0
                self.playing = self.alive = len(players)
                for number, player in enumerate(players):
                    player.tell(Start(number, players, pings, self.ref))
            case Done():
                self.playing -= 1
                if not self.playing:
                    for player in self.players:
                        player.tell(EXIT)
            case Exited(answered):
                self.answered += answered
                self.alive -= 1
                if not self.alive:
                    self.finished.reply(self.answered)


def run(actors: int, pings: int) -> float:
    """Return the seconds from the start of the actors to the end of the last one."""
    with ActorSystem() as system, Stopwatch() as watch:
        players = [
            system.start(ChildSpec(f"player {number}", Player, restart=Restart.TEMPORARY))
            for number in range(actors)
        ]
        sink = system.start(ChildSpec("sink", Sink))
        answered = sink.ask(Play(players, pings), timeout=None)
    assert answered == actors * pings, f"{answered} pings were answered, not {actors * pings}"
    return watch.seconds
