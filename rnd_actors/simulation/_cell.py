"""The cell of an actor in a simulation, which writes the trace and suffers the faults."""

import re
from collections.abc import Callable
from typing import Any, Final

import gevent.event
from gevent import getcurrent

from rnd_actors._printing import shown
from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.actors._cell import Cell, CellSpec, message_of
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.actors._requests import Asked
from rnd_actors.events import Event
from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, InjectedError, Injector, Slow

_ADDRESS: Final = re.compile(" at 0x[0-9a-f]+")
"""Part of the `repr` of many objects; it would make the traces of two equal runs differ."""


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


def _sender() -> str:
    greenlet = current_greenlet()
    if greenlet is not None:
        return greenlet.name
    return "timer" if isinstance(getcurrent(), gevent.hub.Hub) else "main"
