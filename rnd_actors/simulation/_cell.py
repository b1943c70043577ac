"""The cell of an actor in a simulation: its messages are traced, and faults can strike it."""

from collections.abc import Callable
from typing import Any

import gevent.event
from gevent import getcurrent

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.actors._cell import Cell, CellSpec, message_of
from rnd_actors.actors._incarnation import current_greenlet
from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, InjectedError, Injector, Slow
from rnd_actors.simulation._trace import Tracer


class SimulatedCell(Cell):
    """A cell that writes the trace of its messages, and that the faults meant for it strike."""

    __slots__ = ("_cut_off_until", "_injector", "_next_faults", "_now", "_put", "_tracer")

    def __init__(
        self,
        spec: CellSpec,
        parent: Cell | None,
        system: ActorSystem,
        *,
        injector: Injector,
        tracer: Tracer,
        now: Callable[[], float],
    ) -> None:
        self._injector = injector
        self._tracer = tracer
        self._now = now
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
            self._cut_off_until = self._now() + fault.seconds
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
        self._tracer.told(_sender(), self.name, entry, lost=False)
        super().post(entry)

    def _put_unless_cut_off(self, entry: Any, *how: Any) -> bool:
        lost = self._now() < self._cut_off_until
        self._tracer.told(_sender(), self.name, entry, lost=lost)
        if lost:
            self.mailbox.refuse(message_of(entry), "lost: a fault has cut its receiver off")
            return True
        return self._put(entry, *how) is not False


def _sender() -> str:
    greenlet = current_greenlet()
    if greenlet is not None:
        return greenlet.name
    return "timer" if isinstance(getcurrent(), gevent.hub.Hub) else "main"
