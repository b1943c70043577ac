"""Faults in a simulation: their kinds, what lets them strike, and the cells that suffer them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol

import gevent.event
from attrs import field, frozen
from gevent import getcurrent

from rnd_actors._printing import shown
from rnd_actors._validators import delay, optional, probability, seconds
from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.actors._cell import Cell, CellSpec, message_of
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.actors._requests import Asked
from rnd_actors.errors import SettingsError
from rnd_actors.events import Event
from rnd_actors.simulation._loop import VirtualLoop

_ADDRESS: Final = re.compile(" at 0x[0-9a-f]+")
"""Part of the `repr` of many objects; it would make the traces of two equal runs differ."""


class InjectedError(Exception):
    """The error of an actor that a test or a fault makes crash."""


@frozen
class Fault:
    """The base of all faults: its target, and when it strikes.

    Args:
        target: the name of an actor, or `process/3` for the simulated process of worker 3; `*`
            stands for any characters, also for `/`: `workers/*`. The root supervisor is never
            struck. If no actor or process ever has that name, the simulation fails at its end.
        at: strikes once, at so many virtual seconds.
        probability: strikes before each message of an actor, or each line of a process, with this
            probability, from 0 to 1. Either this or `at` has to be given.

    Raises:
        SettingsError: neither or both are given, or one is out of range.

    Example:
        >>> from rnd_actors.simulation import Crash, Slow
        >>> faults = [Crash("cache", at=2.5), Slow("workers/*", seconds=0.5, probability=0.1)]
    """

    target: str
    at: float | None = field(default=None, kw_only=True, validator=optional(delay))
    probability: float | None = field(default=None, kw_only=True, validator=optional(probability))

    def __attrs_post_init__(self) -> None:
        if (self.at is None) == (self.probability is None):
            got = (self.at, self.probability)
            raise SettingsError(type(self).__name__, "either at=… or probability=…", got)

    def is_for(self, name: str) -> bool:
        """Return whether an actor or process of this name is a target."""
        return fnmatchcase(name, self.target)


@frozen
class Crash(Fault):
    """An actor raises `InjectedError`, a simulated process exits with code 2."""


@frozen
class Hang(Fault):
    """Until it is killed, an actor handles no message more, a simulated process sends nothing."""


@frozen
class Slow(Fault):
    """An actor handles a message, or a simulated process sends a line, so many seconds late."""

    seconds: float = field(kw_only=True, validator=delay)


@frozen
class CutOff(Fault):
    """Messages to an actor are lost for so many seconds; a process loses its connection.

    Each lost message is counted as refused; an `ask` gets no answer. The process lives on and can
    be asked again at once.
    """

    seconds: float = field(default=1.0, kw_only=True, validator=seconds)


class Target(Protocol):
    """An actor or process with a name that faults can strike."""

    @property
    def name(self) -> str: ...

    def inject(self, fault: Fault) -> None:
        """Let a fault strike now."""


class Injector:
    """Lets each fault strike its targets: at its time, or with its probability.

    Args:
        faults: of the simulation.
        loop: its timers wait for the times of faults.
        seed: fixes which messages and lines are struck.
    """

    def __init__(self, faults: Sequence[Fault], loop: VirtualLoop, seed: str) -> None:
        self.now = loop.now
        self._faults = faults
        self._by_chance = [fault for fault in faults if fault.probability is not None]
        self._draw = random.Random(seed).random  # noqa: S311
        self._targets: dict[str, Target] = {}
        for fault in faults:
            if fault.at is not None:
                loop.timer(fault.at).start(self._strike, fault)

    def register(self, target: Target) -> None:
        """Let faults strike this target, in the place of another of the same name."""
        self._targets[target.name] = target

    def by_chance(self, target: Target) -> Iterator[Fault]:
        """Yield the faults that strike the next message or line of a registered target."""
        name = target.name
        for fault in self._by_chance if name in self._targets else ():
            if fault.is_for(name) and self._draw() < (fault.probability or 0.0):
                yield fault

    def check_targets(self) -> None:
        """Raise `SettingsError` if a fault had no target: a test would prove nothing."""
        for fault in self._faults:
            if not any(map(fault.is_for, self._targets)):
                names = ", ".join(self._targets) or "nobody"
                accepted = f"the name of an actor or process ({names})"
                raise SettingsError("target", accepted, fault.target)

    def _strike(self, fault: Fault) -> None:
        for name, target in tuple(self._targets.items()):
            if fault.is_for(name):
                target.inject(fault)


class SimulatedCell(Cell):
    """A cell whose messages are traced, and which the faults meant for it strike."""

    __slots__ = ("_cut_off_until", "_injector", "_next_faults", "_put", "_tracer")

    def __init__(
        self,
        spec: CellSpec,
        parent: Cell | None,
        system: ActorSystem,
        injector: Injector,
        tracer: Tracer,
    ) -> None:
        self._injector = injector
        self._tracer = tracer
        self._next_faults: list[Fault] = []
        """The faults that strike the next message."""
        self._cut_off_until = 0.0
        super().__init__(spec, parent, system)
        self._put, self.put = self.put, self._put_unless_cut_off
        if parent is not None:
            injector.register(self)

    def make_actor(self) -> object:
        actor = super().make_actor()
        if isinstance(actor, Actor):
            receive = actor.receive

            def receive_with_faults(message: Any) -> None:
                self._tracer.handles(self.name, message)
                faults = [*self._next_faults, *self._injector.by_chance(self)]
                self._next_faults.clear()
                for fault in faults:
                    self._strike(fault, message)
                receive(message)

            actor.receive = receive_with_faults  # type: ignore[method-assign]
        return actor

    def _strike(self, fault: Fault, message: Any) -> None:
        """Let a fault strike while a message is handled."""
        if isinstance(fault, Crash):
            raise InjectedError(f"{fault} was to crash {self.name} at {message!r}")
        if isinstance(fault, Hang):
            gevent.event.Event().wait()
        elif isinstance(fault, Slow):
            gevent.sleep(fault.seconds)
        else:
            self.inject(fault)

    def inject(self, fault: Fault) -> None:
        """Let a fault strike now or, if it needs a message, at the next one."""
        if isinstance(fault, CutOff):
            self._cut_off_until = self._injector.now() + fault.seconds
        elif isinstance(fault, Crash):
            self._crash(InjectedError(f"{fault} was to crash {self.name}"))
        else:
            self._next_faults.append(fault)

    def _crash(self, error: InjectedError) -> None:
        """Crash now, also in the middle of a message; a supervisor finishes its message first."""
        greenlet: Any = self.greenlet
        if greenlet is not None:
            if self.supervises:
                greenlet.fail(error)
            else:
                greenlet.kill(error, block=False)

    def post(self, entry: Any) -> None:
        self._tracer.told(self.name, entry, lost=False)
        super().post(entry)

    def _put_unless_cut_off(self, entry: Any, *how: Any) -> bool:
        lost = self._injector.now() < self._cut_off_until
        self._tracer.told(self.name, entry, lost=lost)
        if lost:
            self.mailbox.refuse(message_of(entry), "lost: a fault has cut its receiver off")
            return True
        return self._put(entry, *how) is not False


class Tracer:
    """Writes a line for each message that is told or handled, and for each event.

    Args:
        write: called with each line; None: there is no trace.
        now: returns the virtual time.
    """

    def __init__(self, write: Callable[[str], object] | None, now: Callable[[], float]) -> None:
        self._write = write
        self._now = now

    def told(self, receiver: str, entry: Any, *, lost: bool) -> None:
        """Trace a message on its way into a mailbox."""
        if self._write is not None:
            asked = isinstance(entry, Asked)
            verb, message = ("asks", entry.request) if asked else ("tells", entry)
            end = " (lost)" if lost else ""
            self._write(self._line(f"{_sender()} {verb} {receiver} {shown(message)}{end}"))

    def handles(self, actor: str, message: object) -> None:
        """Trace that an actor begins to handle a message."""
        if self._write is not None:
            self._write(self._line(f"{actor} handles {shown(message)}"))

    def event(self, event: Event) -> None:
        """Trace an event."""
        if self._write is not None:
            self._write(self._line(str(event)))

    def _line(self, text: str) -> str:
        return f"{self._now():10.3f} s  {_ADDRESS.sub('', text)}"


def _sender() -> str:
    greenlet = current_greenlet()
    if greenlet is not None:
        return greenlet.name
    return "timer" if isinstance(getcurrent(), gevent.hub.Hub) else "main"
