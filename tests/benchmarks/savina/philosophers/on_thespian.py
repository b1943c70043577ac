"""The philosophers on Thespian, on its base that runs all actors in the calling thread."""

from dataclasses import dataclass
from typing import Any, Final

from thespian.actors import Actor, ActorExitRequest, ActorSystem

from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Serve:
    philosophers: list[Any]
    rounds: int


@dataclass(frozen=True, slots=True)
class Start:
    number: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Hungry:
    number: int


@dataclass(frozen=True, slots=True)
class Eat:
    pass


EAT: Final = Eat()


@dataclass(frozen=True, slots=True)
class Denied:
    pass


DENIED: Final = Denied()


@dataclass(frozen=True, slots=True)
class Done:
    number: int


@dataclass(frozen=True, slots=True)
class Exit:
    meals: int


class Philosopher(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Start(number, rounds):
                self.meals, self.rounds, self.arbitrator = 0, rounds, sender
                self.hungry, self.done = Hungry(number), Done(number)
                self.send(sender, self.hungry)
            case Eat():
                self.meals += 1
                self.send(self.arbitrator, self.done)
                if self.meals < self.rounds:
                    self.send(self.arbitrator, self.hungry)
                else:
                    self.send(self.arbitrator, Exit(self.meals))
            case Denied():
                self.send(self.arbitrator, self.hungry)


class Arbitrator(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case Serve(philosophers, rounds):
                self.starter, self.meals = sender, 0
                self.philosophers, self.eating = philosophers, len(philosophers)
                self.in_use = [False] * len(philosophers)
                for number, philosopher in enumerate(philosophers):
                    self.send(philosopher, Start(number, rounds))
            case Hungry(number):
                right = (number + 1) % len(self.in_use)
                if self.in_use[number] or self.in_use[right]:
                    self.send(sender, DENIED)
                else:
                    self.in_use[number] = self.in_use[right] = True
                    self.send(sender, EAT)
            case Done(number):
                right = (number + 1) % len(self.in_use)
                self.in_use[number] = self.in_use[right] = False
            case Exit(meals):
                self.meals += meals
                self.eating -= 1
                if not self.eating:
                    for philosopher in self.philosophers:
                        self.send(philosopher, ActorExitRequest())
                    self.send(self.starter, self.meals)


def run(philosophers: int, rounds: int) -> float:
    """Return the seconds from the start of the actors to the last exit."""
    system = ActorSystem("simpleSystemBase")
    try:
        with Stopwatch() as watch:
            guests = [system.createActor(Philosopher) for _ in range(philosophers)]
            arbitrator = system.createActor(Arbitrator)
            meals = system.ask(arbitrator, Serve(guests, rounds))
    finally:
        system.shutdown()
    assert meals == philosophers * rounds, f"{meals} meals, not {philosophers * rounds}"
    return watch.seconds
