"""Each actor pings random others, one ping at a time: the cost of many senders to each receiver.

An actor that has all its pongs reports to a sink, and goes on answering pings. When all have
reported, the sink ends them, and each says how many pings it has answered.
"""

from random import Random
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from rnd_actors import ActorRef


@frozen
class Play:
    players: list[Any]
    pings: int


@frozen
class Start:
    number: int
    players: "list[ActorRef[Start | Ping | Pong | Exit]]"
    pings: int
    sink: "ActorRef[Done | Exited]"


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


def ours(actors: int, pings: int) -> float:
    from rnd_actors import Actor, ActorSystem, ChildSpec, Request, Restart

    @frozen
    class Play(Request[int]):
        players: "list[ActorRef[Start | Ping | Pong | Exit]]"
        pings: int

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

    with ActorSystem() as system, Stopwatch() as watch:
        players = [
            system.start(ChildSpec(f"player {number}", Player, restart=Restart.TEMPORARY))
            for number in range(actors)
        ]
        sink = system.start(ChildSpec("sink", Sink))
        answered = sink.ask(Play(players, pings), timeout=None)
    _check(answered, actors * pings)
    return watch.seconds


def on_pykka(actors: int, pings: int) -> float:
    import pykka

    class Player(pykka.ThreadingActor):
        def __init__(self) -> None:
            super().__init__()
            self.answered = 0

        def on_receive(self, message: Start | Ping | Pong | Exit) -> None:
            match message:
                case Start(number, players, pings, sink):
                    self.left, self.sink = pings, sink
                    self.others = players[:number] + players[number + 1 :]
                    self.random = Random(number)
                    self.ping = Ping(self.actor_ref)
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

    class Sink(pykka.ThreadingActor):
        def __init__(self, finished: Any) -> None:
            super().__init__()
            self.finished = finished

        def on_receive(self, message: Play | Done | Exited) -> None:
            match message:
                case Play(players, pings):
                    self.players, self.answered = players, 0
                    self.playing = self.alive = len(players)
                    for number, player in enumerate(players):
                        player.tell(Start(number, players, pings, self.actor_ref))
                case Done():
                    self.playing -= 1
                    if not self.playing:
                        for player in self.players:
                            player.tell(EXIT)
                case Exited(answered):
                    self.answered += answered
                    self.alive -= 1
                    if not self.alive:
                        self.finished.set(self.answered)

    finished = pykka.ThreadingFuture()
    with Stopwatch() as watch:
        players = [Player.start() for _ in range(actors)]
        sink = Sink.start(finished)
        sink.tell(Play(players, pings))
        answered = finished.get()
    pykka.ActorRegistry.stop_all()
    _check(answered, actors * pings)
    return watch.seconds


def on_thespian(actors: int, pings: int) -> float:
    from thespian.actors import Actor, ActorExitRequest

    from tests.benchmarks.thespian_system import thespian_system

    @frozen
    class Start:
        number: int
        players: list[Any]
        pings: int

    @frozen
    class Ping:
        pass

    ping = Ping()

    class Player(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.answered = 0

        def receiveMessage(self, message: Any, sender: Any) -> None:
            match message:
                case Start(number, players, pings):
                    self.left, self.sink = pings, sender
                    self.others = players[:number] + players[number + 1 :]
                    self.random = Random(number)
                    self.ping = ping
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
        def receiveMessage(self, message: Any, sender: Any) -> None:
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

    with thespian_system() as system, Stopwatch() as watch:
        players = [system.createActor(Player) for _ in range(actors)]
        sink = system.createActor(Sink)
        answered = system.ask(sink, Play(players, pings))
    _check(answered, actors * pings)
    return watch.seconds


def on_xoscar(actors: int, pings: int) -> float:
    import asyncio

    import xoscar

    from tests.benchmarks.xoscar_pool import create, run_in_pool

    class Player(xoscar.Actor):
        def __init__(self) -> None:
            super().__init__()
            self.answered = 0

        async def start(self, number: int, players: list[Any], pings: int, sink: Any) -> None:
            self.left, self.sink = pings, sink
            self.others = players[:number] + players[number + 1 :]
            self.random = Random(number)
            self.me = self.ref()
            await self.ping_another()

        async def ping(self, sender: Any) -> None:
            self.answered += 1
            await sender.pong.tell()

        async def pong(self) -> None:
            self.left -= 1
            if self.left:
                await self.ping_another()
            else:
                await self.sink.done.tell()

        async def exit(self) -> None:
            await self.sink.exited.tell(self.answered)
            await xoscar.destroy_actor(self.me)

        async def ping_another(self) -> None:
            await self.random.choice(self.others).ping.tell(self.me)

    class Sink(xoscar.Actor):
        async def play(self, players: list[Any], pings: int, finished: asyncio.Future[int]) -> None:
            self.finished, self.players, self.answered = finished, players, 0
            self.playing = self.alive = len(players)
            me = self.ref()
            for number, player in enumerate(players):
                await player.start.tell(number, players, pings, me)

        async def done(self) -> None:
            self.playing -= 1
            if not self.playing:
                for player in self.players:
                    await player.exit.tell()

        async def exited(self, answered: int) -> None:
            self.answered += answered
            self.alive -= 1
            if not self.alive:
                self.finished.set_result(self.answered)

    async def play(address: str) -> float:
        finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with Stopwatch() as watch:
            players = [await create(Player, address=address) for _ in range(actors)]
            sink = await create(Sink, address=address)
            await sink.play.tell(players, pings, finished)
            answered = await finished
        _check(answered, actors * pings)
        return watch.seconds

    return run_in_pool(play)


def _check(answered: int, pings: int) -> None:
    assert answered == pings, f"{answered} pings were answered, not {pings}"
