"""The philosophers on rnd-actors."""

from typing import Final

from attrs import frozen

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Request, Restart
from tests.benchmarks.stopwatch import Stopwatch

__all__ = ["run"]


@frozen
class Serve(Request[int]):
    philosophers: "list[ActorRef[Start | Eat | Denied]]"
    rounds: int


@frozen
class Start:
    number: int
    rounds: int
    arbitrator: "ActorRef[Hungry | Done | Exit]"


@frozen
class Hungry:
    number: int
    sender: "ActorRef[Eat | Denied]"


@frozen
class Eat:
    pass


EAT: Final = Eat()


@frozen
class Denied:
    pass


DENIED: Final = Denied()


@frozen
class Done:
    number: int


@frozen
class Exit:
    meals: int


class Philosopher(Actor[Start | Eat | Denied]):
    def receive(self, message: Start | Eat | Denied) -> None:
        match message:
            case Start(number, rounds, arbitrator):
                self.meals, self.rounds, self.arbitrator = 0, rounds, arbitrator
                self.hungry, self.done = Hungry(number, self.ref), Done(number)
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


class Arbitrator(Actor[Serve | Hungry | Done | Exit]):
    def receive(self, message: Serve | Hungry | Done | Exit) -> None:
        match message:
            case Serve(philosophers, rounds):
                self.finished, self.meals = self.defer(message), 0
                self.philosophers, self.eating = philosophers, len(philosophers)
                self.in_use = [False] * len(philosophers)
                for number, philosopher in enumerate(philosophers):
                    philosopher.tell(Start(number, rounds, self.ref))
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
                        philosopher.stop()
                    self.finished.reply(self.meals)


def run(philosophers: int, rounds: int) -> float:
    """Return the seconds from the start of the actors to the last exit."""
    with ActorSystem() as system, Stopwatch() as watch:
        guests = [
            system.start(ChildSpec(f"philosopher {number}", Philosopher, restart=Restart.TEMPORARY))
            for number in range(philosophers)
        ]
        arbitrator = system.start(ChildSpec("arbitrator", Arbitrator))
        meals = arbitrator.ask(Serve(guests, rounds), timeout=None)
    assert meals == philosophers * rounds, f"{meals} meals, not {philosophers * rounds}"
    return watch.seconds
