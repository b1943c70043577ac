"""Creatures meet in pairs at a mall and change their colours: the cost of messages to one actor.

A creature that comes to the mall waits there; when the next one comes, the mall forwards what that
one said to the one that waits. The two change to the same colour and come again. When there have
been enough meetings, whoever comes is sent away, and says how many meetings it had.
"""

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef

Colour = Literal["blue", "red", "yellow"]
COLOURS: tuple[Colour, ...] = get_args(Colour)


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


def ours(creatures: int, meetings: int) -> float:
    from gevent.event import AsyncResult

    from rnd_actors import Actor, ActorSystem, ChildSpec

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
                    self.colour = _complement(self.colour, colour)
                    creature.tell(Change(self.colour))
                    self.mall.tell(Meet(self.colour, self.ref))
                case Change(colour):
                    self.meetings += 1
                    self.colour = colour
                    self.mall.tell(Meet(colour, self.ref))
                case Exit():
                    self.mall.tell(MeetingCount(self.meetings))

    done: AsyncResult[int] = AsyncResult()
    with ActorSystem() as system, Stopwatch() as watch:
        mall = system.start(ChildSpec("mall", lambda: Mall(done)))
        everyone = [system.start(ChildSpec(f"creature-{n}", Creature)) for n in range(creatures)]
        mall.tell(Open(meetings, tuple(everyone)))
        total = done.get()
    _check(total, meetings)
    return watch.seconds


def on_pykka(creatures: int, meetings: int) -> float:
    import pykka

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
                    self.colour = _complement(self.colour, colour)
                    creature.tell(Change(self.colour))
                    self.mall.tell(Meet(self.colour, self.actor_ref))
                case Change(colour):
                    self.meetings += 1
                    self.colour = colour
                    self.mall.tell(Meet(colour, self.actor_ref))
                case Exit():
                    self.mall.tell(MeetingCount(self.meetings))

    done = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        mall = Mall.start(done)
        everyone = [Creature.start() for _ in range(creatures)]
        mall.tell(Open(meetings, tuple(everyone)))
        total = done.get()
    pykka.ActorRegistry.stop_all()
    _check(total, meetings)
    return watch.seconds


def on_thespian(creatures: int, meetings: int) -> float:
    from thespian.actors import Actor

    from tests.benchmarks.thespian_system import thespian_system

    class Mall(Actor):
        def __init__(self) -> None:
            self.total = 0
            self.waiting: Any = None

        def receiveMessage(self, message: Any, sender: Any) -> None:
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

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Start(colour, mall):
                    self.colour, self.mall = colour, mall
                    self.send(mall, Meet(colour, self.myAddress))
                case Meet(colour, creature):
                    self.meetings += 1
                    self.colour = _complement(self.colour, colour)
                    self.send(creature, Change(self.colour))
                    self.send(self.mall, Meet(self.colour, self.myAddress))
                case Change(colour):
                    self.meetings += 1
                    self.colour = colour
                    self.send(self.mall, Meet(colour, self.myAddress))
                case Exit():
                    self.send(self.mall, MeetingCount(self.meetings))

    with thespian_system() as system, Stopwatch() as watch:
        mall = system.createActor(Mall)
        everyone = [system.createActor(Creature) for _ in range(creatures)]
        total = system.ask(mall, Open(meetings, tuple(everyone)))
    _check(total, meetings)
    return watch.seconds


def on_xoscar(creatures: int, meetings: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Mall(xoscar.Actor):
        def __init__(self) -> None:
            self.total = 0
            self.waiting: Any = None

        async def open(
            self, meetings: int, creatures: tuple[Any, ...], done: asyncio.Future[int]
        ) -> None:
            self.meetings_left, self.creatures_left, self.done = meetings, len(creatures), done
            me = self.ref()
            for n, creature in enumerate(creatures):
                await creature.start.tell(COLOURS[n % len(COLOURS)], me)

        async def meet(self, colour: Colour, creature: Any) -> None:
            if not self.meetings_left:
                await creature.exit.tell()
            elif self.waiting is not None:
                self.meetings_left -= 1
                await self.waiting.meet.tell(colour, creature)
                self.waiting = None
            else:
                self.waiting = creature

        async def meeting_count(self, count: int) -> None:
            self.total += count
            self.creatures_left -= 1
            if not self.creatures_left:
                self.done.set_result(self.total)

    class Creature(xoscar.Actor):
        def __init__(self) -> None:
            self.meetings = 0

        async def start(self, colour: Colour, mall: Any) -> None:
            self.colour, self.mall, self.me = colour, mall, self.ref()
            await mall.meet.tell(colour, self.me)

        async def meet(self, colour: Colour, creature: Any) -> None:
            self.meetings += 1
            self.colour = _complement(self.colour, colour)
            await creature.change.tell(self.colour)
            await self.mall.meet.tell(self.colour, self.me)

        async def change(self, colour: Colour) -> None:
            self.meetings += 1
            self.colour = colour
            await self.mall.meet.tell(colour, self.me)

        async def exit(self) -> None:
            await self.mall.meeting_count.tell(self.meetings)

    async def play(address: str) -> float:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            mall = await create(Mall, address=address)
            everyone = [await create(Creature, address=address) for _ in range(creatures)]
            await mall.open.tell(meetings, tuple(everyone), done)
            total = await done
        _check(total, meetings)
        return watch.seconds

    return run_in_pool(play)


def _check(total: int | None, meetings: int) -> None:
    assert total == 2 * meetings, f"{total} counted in {meetings} meetings of two"


def _complement(one: Colour, other: Colour) -> Colour:
    """Return what two creatures of these colours change to: the same one, or else the third."""
    if one == other:
        return one
    return next(colour for colour in COLOURS if colour not in (one, other))
