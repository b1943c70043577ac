"""Chameneos on Pykka."""

from dataclasses import dataclass
from typing import Any, Final

import pykka

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


class Mall(pykka.ThreadingActor):
    def __init__(self, done: Any) -> None:
        super().__init__()
        self.done = done
        self.total = 0
        self.waiting: Any = None

    def on_receive(self, message: Open | Meet | MeetingCount) -> None:
        match message:
            case Open(meetings, creatures):
                self.meetings_left, self.creatures_left = meetings, len(creatures)
                for n, creature in enumerate(creatures):
                    creature.tell(Start(COLOURS[n % len(COLOURS)], self.actor_ref))
            case Meet(_, creature) if not self.meetings_left:
                creature.tell(EXIT)
            case Meet() if self.waiting is not None:
                self.meetings_left -= 1
                self.waiting.tell(message)
                self.waiting = None
            case Meet(_, creature):
                self.waiting = creature
            case MeetingCount(count):
                self.total += count
                self.creatures_left -= 1
                if not self.creatures_left:
                    self.done.set(self.total)


class Creature(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.meetings = 0

    def on_receive(self, message: Start | Meet | Change | Exit) -> None:
        match message:
            case Start(colour, mall):
                self.colour, self.mall = colour, mall
                mall.tell(Meet(colour, self.actor_ref))
            case Meet(colour, creature):
                self.meetings += 1
                self.colour = complement(self.colour, colour)
                creature.tell(Change(self.colour))
                self.mall.tell(Meet(self.colour, self.actor_ref))
            case Change(colour):
                self.meetings += 1
                self.colour = colour
                self.mall.tell(Meet(colour, self.actor_ref))
            case Exit():
                self.mall.tell(MeetingCount(self.meetings))


def run(creatures: int, meetings: int) -> float:
    """Return the seconds from the start of the actors until the mall has added up all counts."""
    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        mall = Mall.start(done)
        everyone = [Creature.start() for _ in range(creatures)]
        mall.tell(Open(meetings, tuple(everyone)))
        total = done.get()
    pykka.ActorRegistry.stop_all()
    assert total == 2 * meetings, f"{total} counted in {meetings} meetings of two"
    return watch.seconds
