"""Philosophers ask one arbitrator for two forks: the cost of a receiver that all contend for.

The arbitrator lets a philosopher eat, or denies it if one of its forks is in use; a philosopher
that was denied asks again at once, so how many messages are sent depends on who is served when.
When all have had all their meals, the arbitrator ends them.
"""

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


@frozen
class Serve:
    philosophers: list[Any]
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


def ours(philosophers: int, rounds: int) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Request, Restart

    @frozen
    class Serve(Request[int]):
        philosophers: "list[ActorRef[Start | Eat | Denied]]"
        rounds: int

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

    with ActorSystem() as system, Stopwatch() as watch:
        guests = [
            system.start(ChildSpec(f"philosopher {number}", Philosopher, restart=Restart.TEMPORARY))
            for number in range(philosophers)
        ]
        arbitrator = system.start(ChildSpec("arbitrator", Arbitrator))
        meals = arbitrator.ask(Serve(guests, rounds), timeout=None)
    _check(meals, philosophers * rounds)
    return watch.seconds


def on_pykka(philosophers: int, rounds: int) -> float:
    import pykka

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

    finished = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        guests = [Philosopher.start() for _ in range(philosophers)]
        arbitrator = Arbitrator.start(finished)
        arbitrator.tell(Serve(guests, rounds))
        meals = finished.get()
    pykka.ActorRegistry.stop_all()
    _check(meals, philosophers * rounds)
    return watch.seconds


def on_thespian(philosophers: int, rounds: int) -> float:
    from thespian.actors import Actor, ActorExitRequest

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Start:
        number: int
        rounds: int

    @frozen
    class Hungry:
        number: int

    class Philosopher(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:
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
        def receiveMessage(self, message: Any, sender: Any) -> None:
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

    with thespian_system() as system, Stopwatch() as watch:
        guests = [system.createActor(Philosopher) for _ in range(philosophers)]
        arbitrator = system.createActor(Arbitrator)
        meals = system.ask(arbitrator, Serve(guests, rounds))
    _check(meals, philosophers * rounds)
    return watch.seconds


def on_xoscar(philosophers: int, rounds: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Philosopher(xoscar.Actor):
        async def start(self, number: int, rounds: int, arbitrator: Any) -> None:
            self.meals, self.rounds, self.arbitrator = 0, rounds, arbitrator
            self.number, self.me = number, self.ref()
            await arbitrator.hungry.tell(number, self.me)

        async def eat(self) -> None:
            self.meals += 1
            await self.arbitrator.done.tell(self.number)
            if self.meals < self.rounds:
                await self.arbitrator.hungry.tell(self.number, self.me)
            else:
                await self.arbitrator.exit.tell(self.meals)

        async def denied(self) -> None:
            await self.arbitrator.hungry.tell(self.number, self.me)

    class Arbitrator(xoscar.Actor):
        async def serve(
            self, philosophers: list[Any], rounds: int, finished: asyncio.Future[int]
        ) -> None:
            self.finished, self.meals = finished, 0
            self.philosophers, self.eating = philosophers, len(philosophers)
            self.in_use = [False] * len(philosophers)
            me = self.ref()
            for number, philosopher in enumerate(philosophers):
                await philosopher.start.tell(number, rounds, me)

        async def hungry(self, number: int, sender: Any) -> None:
            right = (number + 1) % len(self.in_use)
            if self.in_use[number] or self.in_use[right]:
                await sender.denied.tell()
            else:
                self.in_use[number] = self.in_use[right] = True
                await sender.eat.tell()

        async def done(self, number: int) -> None:
            right = (number + 1) % len(self.in_use)
            self.in_use[number] = self.in_use[right] = False

        async def exit(self, meals: int) -> None:
            self.meals += meals
            self.eating -= 1
            if not self.eating:
                for philosopher in self.philosophers:
                    await xoscar.destroy_actor(philosopher)
                self.finished.set_result(self.meals)

    async def play(address: str) -> float:
        finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            guests = [await create(Philosopher, address=address) for _ in range(philosophers)]
            arbitrator = await create(Arbitrator, address=address)
            await arbitrator.serve.tell(guests, rounds, finished)
            meals = await finished
        _check(meals, philosophers * rounds)
        return watch.seconds

    return run_in_pool(play)


def _check(meals: int, wanted: int) -> None:
    assert meals == wanted, f"{meals} meals, not {wanted}"
