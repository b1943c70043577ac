"""The philosophers on Pykka."""

from dataclasses import dataclass
from typing import Any, Final

import pykka

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
    arbitrator: Any


@dataclass(frozen=True, slots=True)
class Hungry:
    number: int
    sender: Any


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


class Philosopher(pykka.ThreadingActor):
    def on_receive(self, message: Start | Eat | Denied) -> None:
        match message:
            case Start(number, rounds, arbitrator):
                self.meals, self.rounds, self.arbitrator = 0, rounds, arbitrator
                self.hungry, self.done = Hungry(number, self.actor_ref), Done(number)
                arbitrator.tell(self.hungry)
            case Eat():
                self.meals += 1
                self.arbitrator.tell(self.done)
                if self.meals < self.rounds:
                    self.arbitrator.tell(self.hungry)
                else:
                    self.arbitrator.tell(Exit(self.meals))
            case Denied():
                self.arbitrator.tell(self.hungry)


class Arbitrator(pykka.ThreadingActor):
    def __init__(self, finished: Any) -> None:
        super().__init__()
        self.finished, self.meals = finished, 0

    def on_receive(self, message: Serve | Hungry | Done | Exit) -> None:
        match message:
            case Serve(philosophers, rounds):
                self.philosophers, self.eating = philosophers, len(philosophers)
                self.in_use = [False] * len(philosophers)
                for number, philosopher in enumerate(philosophers):
                    philosopher.tell(Start(number, rounds, self.actor_ref))
            case Hungry(number, sender):
                right = (number + 1) % len(self.in_use)
                if self.in_use[number] or self.in_use[right]:
                    sender.tell(DENIED)
                else:
                    self.in_use[number] = self.in_use[right] = True
                    sender.tell(EAT)
            case Done(number):
                right = (number + 1) % len(self.in_use)
                self.in_use[number] = self.in_use[right] = False
            case Exit(meals):
                self.meals += meals
                self.eating -= 1
                if not self.eating:
                    for philosopher in self.philosophers:
                        philosopher.stop(block=False)
                    self.finished.set(self.meals)


def run(philosophers: int, rounds: int) -> float:
    """Return the seconds from the start of the actors to the last exit."""
    finished = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        guests = [Philosopher.start() for _ in range(philosophers)]
        arbitrator = Arbitrator.start(finished)
        arbitrator.tell(Serve(guests, rounds))
        meals = finished.get()
    pykka.ActorRegistry.stop_all()
    assert meals == philosophers * rounds, f"{meals} meals, not {philosophers * rounds}"
    return watch.seconds
