"""Chameneos on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorSystem

from tests.benchmarks.savina.chameneos._colours import COLOURS, Colour, complement
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Open:
    meetings: int
    creatures: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Start:
    colour: Colour
    mall: Any


@dataclass(frozen=True, slots=True)
class Meet:
    colour: Colour
    creature: Any


@dataclass(frozen=True, slots=True)
class Change:
    colour: Colour


@dataclass(frozen=True, slots=True)
class Exit:
    pass


EXIT: Final = Exit()


@dataclass(frozen=True, slots=True)
class MeetingCount:
    count: int


class Mall(Actor):
    def __init__(self) -> None:
        self.total = 0
        self.waiting: Any = None

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Open(meetings, creatures):
                self.meetings_left, self.creatures_left = meetings, len(creatures)
                self.starter = sender
                for n, creature in enumerate(creatures):
                    self.send(creature, Start(COLOURS[n % len(COLOURS)], self.myAddress))
            case Meet(_, creature) if not self.meetings_left:
                self.send(creature, EXIT)
            case Meet() if self.waiting is not None:
                self.meetings_left -= 1
                self.send(self.waiting, message)
                self.waiting = None
            case Meet(_, creature):
                self.waiting = creature
            case MeetingCount(count):
                self.total += count
                self.creatures_left -= 1
                if not self.creatures_left:
                    self.send(self.starter, self.total)


class Creature(Actor):
    def __init__(self) -> None:
        self.meetings = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(colour, mall):
                self.colour, self.mall = colour, mall
                self.send(mall, Meet(colour, self.myAddress))
            case Meet(colour, creature):
                self.meetings += 1
                self.colour = complement(self.colour, colour)
                self.send(creature, Change(self.colour))
                self.send(self.mall, Meet(self.colour, self.myAddress))
            case Change(colour):
                self.meetings += 1
                self.colour = colour
                self.send(self.mall, Meet(colour, self.myAddress))
            case Exit():
                self.send(self.mall, MeetingCount(self.meetings))


def run(creatures: int, meetings: int) -> float:
    """Return the seconds from the start of the actors until the mall has added up all counts."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            mall = system.createActor(Mall)
            everyone = [system.createActor(Creature) for _ in range(creatures)]
            total = system.ask(mall, Open(meetings, tuple(everyone)))
    finally:
        system.shutdown()
    assert total == 2 * meetings, f"{total} counted in {meetings} meetings of two"
    return watch.seconds
