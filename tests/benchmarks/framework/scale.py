"""Whether an operation costs more the more children a supervisor has.

The program returns microseconds instead of seconds: those of each operation beside few children and
beside many. Both crowds live in one process and take part in turn, so that the ratio of two figures
says more than each alone. An operation that takes long is done less often; garbage is collected
between the operations only, since that takes the longer the more there is in the process.

The operations are: the four requests that start and end one more child; the first start of each of
as many children, if it fails; a message that a router sends to the children; `subscribe`, `publish`
and `unsubscribe` beside as many subscriptions to another type of event; `system.find`; and the end
of a significant child under ALL_SIGNIFICANT, after that of all others but one. After these, in a
system of their own, the start and the end of one more child of a `DynamicSupervisor`, of which one
has few children, and the other one even more than many.
"""

import gc
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from attrs import frozen
from gevent.event import Event as Flag
from gevent.lock import Semaphore

from rnd_actors import Actor, ActorRef, ActorSystem, ChildSpec, Event, Restart, Supervisor
from rnd_actors.routing import LeastLoaded, RoundRobin, Router, Routing
from rnd_actors.supervision import (
    INFINITY,
    AutoShutdown,
    DeleteChild,
    DynamicSupervisor,
    RestartChild,
    ShutdownOrder,
    StartChild,
    TerminateChild,
)
from tests.benchmarks.stopwatch import Stopwatch

_LIMIT_S = 2.0
"""How long first starts are waited for: on code where each costs more than the one before."""


def ours(
    *, few: int, many: int, dynamic: int, operations: int, laps: int, seconds: float
) -> dict[str, float]:
    """Return the microseconds of each operation beside few and beside many children.

    Args:
        few: children of one supervisor.
        many: children of the other one.
        dynamic: children of a `DynamicSupervisor`, in the place of many.
        operations: how often each is done in a lap.
        laps: of which the median counts.
        seconds: after so many no further lap is begun.
    """
    logging.getLogger("rnd_actors").setLevel(logging.CRITICAL)
    with ActorSystem() as one, ActorSystem() as other:
        crowds = {few: Crowd(one, few), many: Crowd(other, many)}
        figures = _laps(crowds, operations, laps, seconds)
    with ActorSystem() as system:
        rooms = {few: Rooms(system, few, dynamic), many: Rooms(system, dynamic, dynamic)}
        return {**figures, **_laps(rooms, operations, laps, seconds)}


def _laps(
    crowds: Mapping[int, "Crowd | Rooms"], operations: int, laps: int, seconds: float
) -> dict[str, float]:
    """Let the crowds do their laps in turn; return the medians, by operation and number."""
    taken: list[dict[str, float]] = []
    give_up_at = time.perf_counter() + seconds
    while len(taken) < laps and (not taken or time.perf_counter() < give_up_at):
        taken.append(
            {
                f"{name}, {number}": figure
                for number, crowd in crowds.items()
                for name, figure in crowd.lap(operations).items()
            }
        )
    return {name: median(lap[name] for lap in taken) for name in taken[0]}


@frozen
class Job:
    handled: Semaphore


class Worker(Actor[Job]):
    def receive(self, message: Job) -> None:
        message.handled.release()


@frozen
class Here(Event):
    pass


@frozen
class Elsewhere(Event):
    pass


class FirstStarts:
    """Lets the first start of each of so many workers fail, and takes the time of all."""

    def __init__(self, workers: int) -> None:
        self.began_at = self.ended_at = 0.0
        self.up = 0
        self.all_up = Flag()
        self._workers = workers

    def attempt(self, incarnation: int) -> None:
        """Count a start of a worker, and let its first one fail."""
        if incarnation == 1:
            self.began_at = self.began_at or time.perf_counter()
            raise ConnectionError("not yet")
        self.ended_at = time.perf_counter()
        self.up += 1
        if self.up == self._workers:
            self.all_up.set()

    @property
    def microseconds(self) -> float:
        """What each of those took that are up."""
        assert self.up, "no worker is up"
        return (self.ended_at - self.began_at) / self.up * 1e6


class Late(Worker):
    def __init__(self, starts: FirstStarts) -> None:
        self.starts = starts

    def on_start(self) -> None:
        self.starts.attempt(self.incarnation)


class Crowd:
    """A system with so many children of one supervisor, and what is done beside them."""

    def __init__(self, system: ActorSystem, children: int) -> None:
        self.system = system
        self.children = children
        self.team = system.start(_team("team"))
        for number in range(children):
            self.team.ask(StartChild(ChildSpec(str(number), Worker)))
        self.project = system.start(_team("project", auto_shutdown=AutoShutdown.ALL_SIGNIFICANT))
        parts = [
            ChildSpec(str(number), Worker, restart=Restart.TRANSIENT, significant=True)
            for number in range(children)
        ]
        for ref in [self.project.ask(StartChild(part)) for part in parts][:-1]:
            _end(ref)

    def lap(self, operations: int) -> dict[str, float]:
        """Do each operation so often; return the microseconds of one."""
        return {
            **self._requests(operations),
            "a first start that fails": self._first_starts(),
            "tell by RoundRobin": self._tell(RoundRobin(), operations),
            "tell by LeastLoaded": self._tell(LeastLoaded(), operations),
            "subscribe, publish, unsubscribe": self._subscribe(operations),
            "system.find": self._find(operations),
            "the end of a significant child": self._significant_ends(operations),
        }

    def _requests(self, operations: int) -> dict[str, float]:
        ask = self.team.ask
        specs = [ChildSpec(f"new-{number}", Worker) for number in range(operations)]
        names = [spec.id for spec in specs]

        def terminate(name: str) -> None:
            ask(TerminateChild(name))

        took = {
            "StartChild": _each(lambda spec: ask(StartChild(spec)), specs),
            "TerminateChild": _each(terminate, names),
            "RestartChild": _each(lambda name: ask(RestartChild(name)), names),
        }
        for name in names:
            terminate(name)
        return {**took, "DeleteChild": _each(lambda name: ask(DeleteChild(name)), names)}

    def _first_starts(self) -> float:
        starts = FirstStarts(self.children)
        late = [ChildSpec(str(number), lambda: Late(starts)) for number in range(self.children)]
        team = self.system.start(_team("late", late))
        starts.all_up.wait(_LIMIT_S)
        team.stop()
        team.join()
        return starts.microseconds

    def _tell(self, routing: Routing, operations: int) -> float:
        router = Router.over_children(self.team, routing)
        job = Job(Semaphore(0))
        took = _each(router.tell, [job] * operations)
        for _ in range(operations):
            job.handled.acquire()
        return took

    def _subscribe(self, operations: int) -> float:
        events = self.system.events
        received: list[Event] = []
        others = [events.subscribe(received.append, to=Elsewhere) for _ in range(self.children)]

        def publish(event: Here) -> None:
            unsubscribe = events.subscribe(received.append, to=Here)
            events.publish(event)
            unsubscribe()

        took = _each(publish, [Here()] * operations)
        for unsubscribe in others:
            unsubscribe()
        assert received == [Here()] * operations, "not every event was received once"
        return took

    def _find(self, operations: int) -> float:
        every = self.children // operations
        names = [f"team/{number * every}" for number in range(operations)]
        assert all(map(self.system.find, names)), "not all children are found"
        return _each(self.system.find, names)

    def _significant_ends(self, operations: int) -> float:
        parts = [self.project.ask(RestartChild(str(number))) for number in range(operations)]
        return _each(_end, parts)


class Rooms:
    """A `DynamicSupervisor` with so many children, of which `most` is the largest number."""

    def __init__(self, system: ActorSystem, children: int, most: int) -> None:
        self.rooms = system.start(
            ChildSpec(f"rooms-{children}", DynamicSupervisor, restart=Restart.TEMPORARY)
        )
        self.name = f"of a DynamicSupervisor ({most:,})"
        for _ in range(children):
            self.rooms.tell(StartChild(ChildSpec("room", Worker)))
        self.rooms.ask(StartChild(ChildSpec("last", Worker)))

    def lap(self, operations: int) -> dict[str, float]:
        """Start and end so many children; return the microseconds of each."""
        ask = self.rooms.ask
        refs: list[ActorRef[Any]] = []

        def start(spec: ChildSpec) -> None:
            refs.append(ask(StartChild(spec)))

        def end(ref: ActorRef[Any]) -> None:
            ask(TerminateChild(ref.name.rpartition("/")[2]))

        return {
            f"StartChild {self.name}": _each(start, [ChildSpec("new", Worker)] * operations),
            f"TerminateChild {self.name}": _each(end, refs),
        }


def _each(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Do the work for each item; return the microseconds of one."""
    gc.disable()
    try:
        with Stopwatch() as watch:
            for item in items:
                work(item)
    finally:
        gc.enable()
    return watch.seconds / len(items) * 1e6


def _team(
    name: str, children: Sequence[ChildSpec] = (), auto_shutdown: AutoShutdown = AutoShutdown.NEVER
) -> ChildSpec:
    return ChildSpec(
        name,
        lambda: Supervisor(
            children, auto_shutdown=auto_shutdown, shutdown_order=ShutdownOrder.PARALLEL
        ),
        restart=Restart.TEMPORARY,
        shutdown=INFINITY,
    )


def _end(ref: ActorRef[Any]) -> None:
    ref.stop()
    ref.join()
