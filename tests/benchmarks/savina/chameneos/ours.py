"""Chameneos on rnd-actors."""

from typing import Final

from attrs import frozen
from gevent.event import AsyncResult

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec
from tests.benchmarks.savina.chameneos._colours import COLOURS, Colour, complement
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Open:
    meetings: int
    creatures: tuple["ActorRef[Start | Meet | Change | Exit]", ...]


@frozen
class Start:
    colour: Colour
    mall: "ActorRef[Open | Meet | MeetingCount]"


@frozen
class Meet:
    colour: Colour
    creature: "ActorRef[Start | Meet | Change | Exit]"


@frozen
class Change:
    colour: Colour


@frozen
class Exit:
    pass


EXIT: Final = Exit()


@frozen
class MeetingCount:
    count: int


class Mall(Actor[Open | Meet | MeetingCount]):
    def __init__(self, done: "AsyncResult[int]") -> None:
        self.done = done
        self.total = 0
        self.waiting: ActorRef[Meet] | None = None

    def receive(self, message: Open | Meet | MeetingCount) -> None:
        match message:
            case Open(meetings, creatures):
                self.meetings_left, self.creatures_left = meetings, len(creatures)
                for n, creature in enumerate(creatures):
                    creature.tell(Start(COLOURS[n % len(COLOURS)], self.ref))
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


class Creature(Actor[Start | Meet | Change | Exit]):
    def __init__(self) -> None:
        self.meetings = 0

    def receive(self, message: Start | Meet | Change | Exit) -> None:
        match message:
            case Start(colour, mall):
                self.colour, self.mall = colour, mall
                mall.tell(Meet(colour, self.ref))
            case Meet(colour, creature):
                self.meetings += 1
                self.colour = complement(self.colour, colour)
                creature.tell(Change(self.colour))
                self.mall.tell(Meet(self.colour, self.ref))
            case Change(colour):
                self.meetings += 1
                self.colour = colour
                self.mall.tell(Meet(colour, self.ref))
            case Exit():
                self.mall.tell(MeetingCount(self.meetings))


def run(creatures: int, meetings: int) -> float:
    """Return the seconds from the start of the actors until the mall has added up all counts."""
    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        mall = system.start(ChildSpec("mall", lambda: Mall(done)))
        everyone = [system.start(ChildSpec(f"creature-{n}", Creature)) for n in range(creatures)]
        mall.tell(Open(meetings, tuple(everyone)))
        total = done.get()
    assert total == 2 * meetings, f"{total} counted in {meetings} meetings of two"
    return watch.seconds
